using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>Limits on what a cluster has at a time, its breaker, and what requests get that it does not take.</summary>
public sealed class GuardTests : Scenario
{
    private readonly ExchangeLog _log = new();

    [Fact]
    public async Task Requests_over_the_limit_wait_and_are_served_in_turn()
    {
        int inside = 0, most = 0;
        await using var upstream = TestUpstream.Start(async _ =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Delay(10);
            Interlocked.Decrement(ref inside);
            return UpstreamResponse.Ok();
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "limits: { max_requests: 3 }");
        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => proxy.SendAsync(Get)));
        Assert.All(responses, response => Assert.Equal(200, response.Status));
        Assert.Equal(3, most);
    }

    [Theory]
    [InlineData("max_pending: 0", "too_many_requests")]
    [InlineData("max_pending: 5, pending_timeout: 100ms", "pending_timeout")]
    public async Task A_request_that_finds_no_place_is_told_why(string limits, string reason)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok();
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: $"limits: {{ max_requests: 1, {limits} }}");
        var first = proxy.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);
        var response = await proxy.SendAsync(Get);
        Assert.Equal(503, response.Status);
        Assert.Contains($"({reason})", response.Text, StringComparison.Ordinal);
        Assert.Equal(reason, (await _log.NextAsync()).Reason);
        Assert.Contains(proxy.LogLines, line => line.Contains($"Cluster 'origin' does not take a request: {reason}"));
        gate.SetResult();
        await first;
    }

    [Fact]
    public async Task A_client_that_leaves_gives_its_place_up()
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok();
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "limits: { max_requests: 1 }");
        await using (var client = await proxy.ConnectAsync())
        {
            await client.SendAsync(Get);
            await upstream.WaitForRequestsAsync(1);
        }

        var second = proxy.SendAsync(Get);
        await upstream.WaitForRequestsAsync(2);
        gate.SetResult();
        Assert.Equal(200, (await second).Status);
        await Poll.UntilAsync(() => proxy.Engine.Snapshot!.Clusters["origin"].Guard.Requests.Active == 0);
    }

    [Fact]
    public async Task A_full_endpoint_is_passed_over_for_one_with_room()
    {
        var gate = NewGate();
        await using var one = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok();
        });
        await using var two = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok();
        });
        await using var proxy = await _log.StartAsync(
            $"\"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}\"", cluster: "limits: { max_requests_per_endpoint: 2 }");
        var waiting = Enumerable.Range(0, 4).Select(_ => proxy.SendAsync(Get)).ToList();
        await one.WaitForRequestsAsync(2);
        await two.WaitForRequestsAsync(2);
        var response = await proxy.SendAsync(Get);
        Assert.Equal(503, response.Status);
        Assert.Contains("(endpoints_full)", response.Text, StringComparison.Ordinal);
        gate.SetResult();
        await Task.WhenAll(waiting);
        Assert.All(proxy.Engine.Snapshot!.Clusters["origin"].Endpoints.Span.ToArray(), endpoint => Assert.Equal(0, endpoint.InFlight));
    }

    [Fact]
    public async Task An_idle_connection_gives_way_at_the_limit_of_connections()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(
            $"\"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}\"", cluster: "limits: { max_connections: 1 }");
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        }

        Assert.True(one.Connections.Count > 1 && two.Connections.Count > 1);
    }

    [Fact]
    public async Task A_breaker_opens_answers_at_once_and_closes_again()
    {
        var status = 500;
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(status));
        await using var proxy = await _log.StartAsync(
            upstream.Port, cluster: "circuit_breaker: { open_when: error_ratio > 50%, min_requests: 5, open_time: 300ms, probes: 2 }");
        var breaker = proxy.Engine.Snapshot!.Clusters["origin"].Guard.Breaker!;
        for (var i = 0; i < 5; i++)
        {
            await proxy.SendAsync(Get);
        }

        await Poll.UntilAsync(() => breaker.State == BreakerState.Open);
        var response = await proxy.SendAsync(Get);
        Assert.Equal(503, response.Status);
        Assert.Contains("(circuit_open)", response.Text, StringComparison.Ordinal);
        Assert.Equal(5, upstream.Requests.Count);
        status = 200;
        await Poll.UntilAsync(async () => (await proxy.SendAsync(Get)).Status == 200);
        await Poll.UntilAsync(async () => (await proxy.SendAsync(Get)).Status == 200 && breaker.State == BreakerState.Closed);
        Assert.Contains(proxy.LogLines, line => line.Contains("the circuit breaker is open for"));
    }

    [Theory]
    [InlineData("cluster: spare", 200, "spare")]
    [InlineData("respond: { status: 202, body: later }", 202, "later")]
    public async Task What_a_cluster_does_not_take_goes_to_its_fallback(string fallback, int status, string text)
    {
        await using var spare = TestUpstream.Start(_ => UpstreamResponse.Create(200, "spare"));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { name: all, cluster: origin } ]
            clusters:
              origin: { endpoints: [ { address: "127.0.0.1:1", weight: 0 } ], fallback: { {{fallback}} } }
              spare: { endpoints: ["127.0.0.1:{{spare.Port}}"] }
            """);
        var response = await proxy.SendAsync(Get);
        Assert.Equal((status, text), (response.Status, response.Text));
    }
}
