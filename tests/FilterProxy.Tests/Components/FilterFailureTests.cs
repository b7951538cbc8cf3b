using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Components;

/// <summary>What becomes of the failures of a filter, and of its slowness, as its entry says.</summary>
public sealed class FilterFailureTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

    [Theory]
    [InlineData("request")]
    [InlineData("peer")]
    [InlineData("upstream_request")]
    [InlineData("response")]
    [InlineData("use_request_body")]
    [InlineData("request_body")]
    public async Task A_filter_that_throws_fails_the_exchange_and_is_named_and_counted(string phase)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var proxy = await StartAsync(upstream, $"throwing/x: {{ phase: {phase} }}");

        var response = await proxy.SendAsync(Post);

        Assert.Equal(500, response.Status);
        Assert.Equal(1, proxy.Counts["filterproxy.filter.failures filter=throwing/x at=exchange"]);
        Assert.Contains(proxy.LogLines, line => line.Contains("Filter 'throwing/x' failed on route 'all'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("request")]
    [InlineData("peer")]
    [InlineData("upstream_request")]
    [InlineData("response")]
    [InlineData("logging")]
    [InlineData("use_request_body")]
    [InlineData("request_body")]
    [InlineData("use_response_body")]
    [InlineData("response_body")]
    public async Task A_filter_that_may_be_skipped_is_skipped_and_counted(string phase)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var proxy = await StartAsync(upstream, $"throwing: {{ phase: {phase}, on_error: skip }}");

        var response = await proxy.SendAsync(Post);

        Assert.Equal((200, "hello"), (response.Status, response.Text));
        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.filter.failures filter=throwing at=exchange") > 0);
    }

    [Fact]
    public async Task A_route_decides_for_itself_what_a_failure_does()
    {
        await using var proxy = await TestProxy.StartAsync(
            """
            http: { route_filters: [ { throwing: { phase: request, on_error: skip } } ] }
            routes:
              - { name: strict, match: { path: /strict }, respond: { status: 204 }, filters: [ { throwing: { on_error: fail } } ] }
              - { name: all, respond: { status: 204 } }
            """,
            TestTransport.Memory,
            typeof(ThrowingFilter));

        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(500, (await proxy.SendAsync("GET /strict HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Fact]
    public async Task A_transformation_that_throws_halfway_is_never_skipped()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var proxy = await StartAsync(upstream, "throwing: { phase: transform, on_error: skip }");

        Assert.Equal(500, (await proxy.SendAsync(Post)).Status);
    }

    [Fact]
    public async Task A_call_over_its_time_budget_is_counted_and_not_cut()
    {
        await using var proxy = await TestProxy.StartAsync(
            """
            routes:
              - { name: slow, match: { path: /slow }, respond: { status: 200 }, filters: [ { dawdling: { delay: 30ms, time_budget: 1ms } } ] }
              - { name: all, respond: { status: 200 }, filters: [ { dawdling: { delay: 0s, time_budget: 60s } } ] }
            """,
            TestTransport.Memory,
            typeof(DawdlingFilter));

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        Assert.DoesNotContain("filterproxy.filter.over_budget filter=dawdling", proxy.Counts.Keys);
        Assert.Equal(200, (await proxy.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(1, proxy.Counts["filterproxy.filter.over_budget filter=dawdling"]);
        Assert.Contains(proxy.LogLines, line => line.Contains("its time_budget is 1 ms", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rules_of_an_entry_are_checked_like_any_option()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            """
            routes: [ { name: all, respond: { status: 200 }, filters: [ { dawdling: { on_error: maybe, time_budget: soon } } ] } ]
            """,
            TestTransport.Memory,
            typeof(DawdlingFilter)));

        Assert.Contains("test.yaml:2:", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'maybe'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("'soon'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_rules_keeps_the_filter_and_what_it_counted()
    {
        static string With(string rules) =>
            $$"""routes: [ { name: all, respond: { status: 200 }, filters: [ { tagger: { tag: t{{rules}} } } ] } ]""";
        await using var proxy = await TestProxy.StartAsync(With(""), TestTransport.Memory, typeof(Tagger));
        Assert.Equal("-1", (await proxy.SendAsync(Get)).Headers["x-t"]);

        Assert.Equal("", await proxy.ReloadAsync(With(", on_error: skip")));

        Assert.Equal("-2", (await proxy.SendAsync(Get)).Headers["x-t"]);
    }

    [Fact]
    public async Task A_constructor_that_throws_is_an_error_of_the_configuration()
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { name: all, respond: { status: 204 } } ]", TestTransport.Memory, typeof(ThrowingFilter));

        var error = await proxy.ReloadAsync("routes: [ { name: all, respond: { status: 200 }, filters: [ { throwing: { phase: constructor } } ] } ]");

        Assert.Contains("throwing failed in its constructor: NullReferenceException: in constructor", error, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Counts["filterproxy.filter.failures filter=throwing at=constructor"]);
        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task A_start_that_throws_keeps_the_configuration_in_force()
    {
        await using var proxy = await TestProxy.StartAsync("routes: [ { name: all, respond: { status: 204 } } ]", TestTransport.Memory, typeof(ThrowingFilter));

        var error = await proxy.ReloadAsync("routes: [ { name: all, respond: { status: 200 }, filters: [ { throwing: { phase: start } } ] } ]");

        Assert.Equal("ThrowingFilter did not start: in start (routes.all.filters.throwing)", error);
        Assert.Equal(1, proxy.Counts["filterproxy.filter.failures filter=throwing at=start"]);
        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task A_connection_filter_that_throws_ends_its_connection_and_is_named_and_counted(string io)
    {
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", io: {{io}}, filters: [ connection_thrower ] } }
            routes: [ { name: all, respond: { status: 204 } } ]
            """,
            TestTransport.Sockets,
            typeof(ConnectionThrower));

        try
        {
            await using var client = await proxy.ConnectAsync();
            Assert.True(await client.IsClosedByPeerAsync());
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It may be reset before the client has seen that it was connected.
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.filter.failures filter=connection_thrower at=connection") == 1);
        Assert.Contains(proxy.LogLines, line => line.Contains("Connection filter 'connection_thrower' failed on listener 'web'", StringComparison.Ordinal));
        Assert.Equal(204, (await proxy.SendAsync(Get)).Status);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string filter) =>
        TestProxy.StartAsync(upstream.Port, TestTransport.Memory, $"{{ route_filters: [ {{ {filter} }} ] }}", "", typeof(ThrowingFilter));
}
