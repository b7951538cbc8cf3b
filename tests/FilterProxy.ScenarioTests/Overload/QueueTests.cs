using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Overload;

/// <summary>Requests over <c>overload.max_exchanges</c> wait for a place, and what becomes of them.</summary>
public sealed class QueueTests : Scenario
{
    private readonly TaskCompletionSource _open = NewGate();

    [Theory]
    [MemberData(nameof(FewTransports))]
    public async Task A_request_that_finds_no_place_waits_until_one_is_free(TestTransport transport)
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 1m", transport);
        var first = await OccupyAsync(proxy, upstream);
        var second = proxy.SendAsync(Get);
        await WaitingAsync(proxy, 1);
        Assert.Single(upstream.Requests);

        _open.SetResult();

        Assert.Equal([200, 200], (await Task.WhenAll(first, second)).Select(response => response.Status));
        await EmptyAsync(proxy);
    }

    [Theory]
    [MemberData(nameof(FewTransports))]
    public async Task One_that_finds_the_queue_full_is_refused_at_once(TestTransport transport)
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "size: 0", transport);
        var first = await OccupyAsync(proxy, upstream);

        await using var client = await proxy.ConnectAsync();
        var refused = await client.RoundTripAsync(Get);

        Assert.Equal((503, "5", "overload_queue_full"), (refused.Status, refused.Headers["retry-after"], refused.Headers["x-filterproxy-reason"]));
        Assert.Equal(1, proxy.Counts["filterproxy.overload.shed reason=overload_queue_full priority=normal"]);
        _open.SetResult();
        Assert.Equal(200, (await first).Status);

        // Its place is free a moment after its answer.
        await EmptyAsync(proxy);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(FewTransports))]
    public async Task One_that_waits_too_long_is_refused(TestTransport transport)
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 60ms", transport);
        var first = await OccupyAsync(proxy, upstream);

        Assert.Equal((503, "overload_queue_deadline"), (await proxy.SendAsync(Get)) is var r ? (r.Status, r.Headers["x-filterproxy-reason"]) : default);
        _open.SetResult();
        Assert.Equal(200, (await first).Status);
        await EmptyAsync(proxy);
    }

    [Theory]
    [MemberData(nameof(FewTransports))]
    public async Task A_client_that_leaves_while_it_waits_leaves_the_queue(TestTransport transport)
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 1m", transport);
        var first = await OccupyAsync(proxy, upstream);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await WaitingAsync(proxy, 1);
        }

        await WaitingAsync(proxy, 0);
        _open.SetResult();
        Assert.Equal(200, (await first).Status);
        await EmptyAsync(proxy);
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task A_route_deadline_ends_the_wait_as_well()
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 1m", route: "timeouts: { total: 300ms }");
        var first = proxy.SendAsync(Get);
        var second = proxy.SendAsync(Get);

        Assert.Equal([504, 504], (await Task.WhenAll(first, second)).Select(response => response.Status));
        await EmptyAsync(proxy);
        _open.SetResult();
    }

    [Fact]
    public async Task A_place_comes_back_whatever_becomes_of_the_exchange()
    {
        await using var proxy = await TestProxy.StartAsync(
            """
            overload: { max_exchanges: 1, queue: { size: 0 } }
            routes:
              - { match: { path: /respond }, respond: {} }
              - { match: { path: /redirect }, redirect: { path: /x } }
              - { cluster: dead }
            clusters: { dead: { endpoints: ["127.0.0.1:1"] } }
            """);
        foreach (var (path, status) in new[] { ("/respond", 200), ("/redirect", 302), ("/dead", 502) })
        {
            for (var i = 0; i < 3; i++)
            {
                await EmptyAsync(proxy);
                Assert.Equal(status, (await proxy.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
            }
        }

        await EmptyAsync(proxy);
    }

    [Fact]
    public async Task An_upgraded_connection_gives_its_place_back()
    {
        await using var upstream = TestUpstream.Start(request => request.Headers["Upgrade"] is null
            ? UpstreamResponse.Ok()
            : UpstreamResponse.Raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n").ThenWait(_open.Task));
        await using var proxy = await StartAsync(upstream, "deadline: 1m");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
        Assert.Equal(101, (await client.ReadResponseAsync(toHead: true)).Status);

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        await EmptyAsync(proxy);
        _open.SetResult();
    }

    [Fact]
    public async Task A_limit_that_a_reload_turns_off_lets_those_in_that_wait()
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 1m");
        var all = Enumerable.Range(0, 3).Select(_ => proxy.SendAsync(Get)).ToList();
        await WaitingAsync(proxy, 2);

        Assert.Equal("", await proxy.ReloadAsync(Configuration(upstream, "")));

        await upstream.WaitForRequestsAsync(3);
        _open.SetResult();
        Assert.Equal([200, 200, 200], (await Task.WhenAll(all)).Select(response => response.Status));
        await EmptyAsync(proxy);
    }

    [Fact]
    public async Task A_request_of_high_priority_goes_before_those_that_came_earlier()
    {
        await using var upstream = Start();
        await using var proxy = await StartAsync(upstream, "deadline: 1m");
        var first = await OccupyAsync(proxy, upstream);
        var normal = proxy.SendAsync("GET /normal HTTP/1.1\r\nHost: a\r\n\r\n");
        await WaitingAsync(proxy, 1);
        var high = proxy.SendAsync("GET /high HTTP/1.1\r\nHost: a\r\nX-Rank: high\r\n\r\n");
        await WaitingAsync(proxy, 2);

        _open.SetResult();
        await Task.WhenAll(first, normal, high);

        Assert.Equal(["/", "/high", "/normal"], upstream.Requests.Select(request => request.Target));
    }

    private TestUpstream Start() => TestUpstream.Start(async _ =>
    {
        await _open.Task;
        return UpstreamResponse.Ok();
    });

    /// <summary>Takes the only place; its answer comes when the gate opens.</summary>
    private static async Task<Task<RawResponse>> OccupyAsync(TestProxy proxy, TestUpstream upstream)
    {
        var answer = proxy.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);
        return answer;
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string queue, TestTransport transport = TestTransport.Sockets, string route = "") =>
        TestProxy.StartAsync(Configuration(upstream, $"max_exchanges: 1, queue: {{ target: 50ms, interval: 1m, {queue} }}", route), transport, typeof(RankFilter));

    private static string Configuration(TestUpstream upstream, string overload, string route = "") => $$"""
        overload: { enabled: off{{(overload.Length > 0 ? ", " + overload : "")}} }
        http: { filters: [rank] }
        routes: [ { name: all, cluster: origin{{(route.Length > 0 ? ", " + route : "")}} } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;

    private static Task WaitingAsync(TestProxy proxy, int count) => Poll.UntilAsync(() => proxy.Engine.Services.Load.Gate.Waiting == count);

    private static Task EmptyAsync(TestProxy proxy) => Poll.UntilAsync(() => proxy.Engine.Services.Load.Gate is { Active: 0, Waiting: 0 });
}
