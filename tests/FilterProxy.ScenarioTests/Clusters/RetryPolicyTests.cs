using System.Diagnostics;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>Retries that a policy asks for.</summary>
public sealed class RetryPolicyTests : Scenario
{
    private readonly ExchangeLog _log = new();

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task A_response_the_policy_names_is_followed_by_an_attempt_elsewhere(TestTransport transport)
    {
        await using var bad = TestUpstream.Start(_ => UpstreamResponse.Create(503, "busy"));
        await using var good = TestUpstream.Start(_ => UpstreamResponse.Create(200, "fine"));
        await using var proxy = await StartAsync("retry: { on: [gateway_error], attempt_header: x-attempt }", transport, bad, good);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 4; i++)
        {
            var response = await client.RoundTripAsync(Get);
            Assert.Equal((200, "fine"), (response.Status, response.Text));
        }

        Assert.NotEmpty(bad.Requests);
        Assert.All(bad.Requests, request => Assert.Equal("1", request.Headers["x-attempt"]));
        Assert.Contains(good.Requests, request => request.Headers["x-attempt"] == "2");
    }

    [Fact]
    public async Task When_no_attempt_is_left_the_last_answer_is_the_clients()
    {
        var count = 0;
        await using var bad = TestUpstream.Start(_ => UpstreamResponse.Create(503, $"busy {Interlocked.Increment(ref count)}"));
        await using var proxy = await StartAsync("retry: { retries: 2, on: [gateway_error] }", TestTransport.Sockets, bad);
        var response = await proxy.SendAsync(Get);
        Assert.Equal((503, "busy 3"), (response.Status, response.Text));
        Assert.Equal(3, (await _log.NextAsync()).Attempts);
        Assert.Equal(0, proxy.Engine.Snapshot!.Clusters["origin"].Guard.Retry!.Budget.Active);
    }

    [Theory]
    [InlineData("POST", "", false)]
    [InlineData("POST", ", methods: [POST]", true)]
    [InlineData("PUT", "", true)]
    public async Task Methods_are_repeated_that_the_policy_names_with_their_body(string method, string more, bool repeated)
    {
        var count = 0;
        await using var upstream = TestUpstream.Start(_ => Interlocked.Increment(ref count) == 1 ? UpstreamResponse.Create(502) : UpstreamResponse.Ok());
        await using var proxy = await StartAsync($"retry: {{ on: [gateway_error]{more} }}", TestTransport.Sockets, upstream);
        var response = await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        Assert.Equal(repeated ? 200 : 502, response.Status);
        Assert.All(upstream.Requests, request => Assert.Equal("hello", request.Text));
    }

    [Fact]
    public async Task A_body_longer_than_the_buffer_is_not_repeated()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(503));
        await using var proxy = await StartAsync("retry: { on: [gateway_error], buffer: 10 }", TestTransport.Sockets, upstream);
        Assert.Equal(503, (await proxy.SendAsync("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world")).Status);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_answer_is_followed_by_an_attempt_elsewhere()
    {
        await using var bad = TestUpstream.Start(_ => UpstreamResponse.ResetNow());
        await using var good = TestUpstream.Start();
        await using var proxy = await StartAsync("retry: {}", TestTransport.Sockets, bad, good);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        }

        Assert.NotEmpty(bad.Requests);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_given_up_for_another()
    {
        var never = NewGate();
        await using var slow = TestUpstream.Start(async _ =>
        {
            await never.Task;
            return UpstreamResponse.Ok();
        });
        await using var good = TestUpstream.Start();
        await using var proxy = await StartAsync("per_try_timeout: 100ms, retry: {}", TestTransport.Sockets, slow, good);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        }

        never.SetResult();
    }

    [Fact]
    public async Task The_routes_total_time_includes_attempts_and_waits()
    {
        await using var bad = TestUpstream.Start(_ => UpstreamResponse.Create(503));
        await using var proxy = await _log.StartAsync(
            bad.Port, cluster: "retry: { retries: 15, on: [gateway_error], backoff_base: 10s, backoff_max: 1m }", route: "timeouts: { total: 300ms }");
        var started = Stopwatch.GetTimestamp();
        var response = await proxy.SendAsync(Get);
        Assert.Equal(504, response.Status);
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0.2, 5);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [InlineData("1", "2s", 2)]
    [InlineData("100", "2s", 1)]
    public async Task Retry_After_is_obeyed_up_to_a_bound(string seconds, string bound, int attempts)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(503, "", ("Retry-After", seconds)));
        await using var proxy = await StartAsync($"retry: {{ retries: 1, on: [gateway_error], retry_after: {bound} }}", TestTransport.Sockets, upstream);
        var started = Stopwatch.GetTimestamp();
        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(attempts, (await _log.NextAsync()).Attempts);
        Assert.True(attempts == 1 || Stopwatch.GetElapsedTime(started) > TimeSpan.FromMilliseconds(950));
    }

    [Fact]
    public async Task The_budget_keeps_retries_a_part_of_the_traffic()
    {
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await Task.Delay(50);
            return UpstreamResponse.Create(503);
        });
        await using var proxy = await StartAsync("retry: { retries: 3, on: [gateway_error], budget_percent: 0, budget_min: 1, backoff_base: 0 }", TestTransport.Sockets, upstream);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.SendAsync(Get)));
        Assert.InRange(upstream.Requests.Count, 21, 45);
        Assert.True(proxy.Counts["filterproxy.limit.reached limit=cluster.retry.budget"] > 0);
    }

    [Fact]
    public async Task A_route_has_its_own_policy_instead_of_the_clusters()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(503));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "retry: { on: [gateway_error] }", route: "retry: { retries: 0 }");
        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Once_a_response_byte_went_down_nothing_is_repeated()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").ThenClose());
        await using var proxy = await StartAsync("retry: { on: [server_error] }", TestTransport.Sockets, upstream);
        await using var client = await proxy.ConnectAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => client.RoundTripAsync(Get));
        Assert.Equal(1, (await _log.NextAsync()).Attempts);
    }

    private Task<TestProxy> StartAsync(string cluster, TestTransport transport, params TestUpstream[] upstreams) =>
        _log.StartAsync(string.Join(", ", upstreams.Select(upstream => $"\"127.0.0.1:{upstream.Port}\"")), cluster: cluster, transport: transport);
}
