using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>The two retries there are without a policy.</summary>
public sealed class RetryTests
{
    private readonly ExchangeLog _log = new();

    [Theory]
    [EachProtocol("GET")]
    [EachProtocol("POST")]
    [EachProtocol("PUT")]
    [EachProtocol("PATCH")]
    [EachProtocol("DELETE")]
    public async Task A_connect_that_fails_goes_to_another_endpoint_whatever_the_method(string method, TestTransport transport)
    {
        using var dead = new DeadPort();
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Method + r.Text));
        await using var proxy = await _log.StartAsync($"\"127.0.0.1:{dead.Port}\", \"127.0.0.1:{upstream.Port}\"", transport: transport);

        for (var i = 0; i < 2; i++)
        {
            var response = await proxy.SendAsync($"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            Assert.Equal((200, method + "hello"), (response.Status, response.Text));
        }

        Assert.Equal(3, (await _log.NextAsync()).Attempts + (await _log.NextAsync()).Attempts);
    }

    [Theory]
    [EachProtocol("GET", 0)]
    [EachProtocol("HEAD", 0)]
    [EachProtocol("DELETE", 0)]
    [EachProtocol("PUT", 5)]
    [EachProtocol("PUT", 64 * 1024)]
    public async Task A_reused_connection_that_closed_before_a_response_byte_is_retried_on_a_fresh_one(string method, int body, TestTransport transport)
    {
        await using var upstream = ClosesOnReuse(UpstreamResponse.CloseNow());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await WarmAsync(proxy);

        var request = Request(method, body);
        await using var client = await proxy.ConnectAsync();
        var response = await client.RoundTripAsync(request);

        Assert.Equal(200, response.Status);
        Assert.Equal(2, (await _log.NextAsync()).Attempts);
        Assert.Equal(2, upstream.Connections.Count);
        Assert.Equal(new string('x', body), upstream.Requests[^1].Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_chunked_body_is_replayed_too(TestTransport transport)
    {
        await using var upstream = ClosesOnReuse(UpstreamResponse.ResetNow());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await WarmAsync(proxy);

        var response = await proxy.SendAsync("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Equal("hello", upstream.Requests[^1].Text);
    }

    [Theory]
    [EachProtocol("POST", 5)]
    [EachProtocol("PATCH", 5)]
    [EachProtocol("PUT", (64 * 1024) + 1)]
    public async Task A_request_that_may_not_be_repeated_or_is_too_large_to_keep_is_not_retried(string method, int body, TestTransport transport)
    {
        await using var upstream = ClosesOnReuse(UpstreamResponse.CloseNow());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await WarmAsync(proxy);

        var response = await proxy.SendAsync(Request(method, body));

        Assert.Equal(502, response.Status);
        Assert.Equal(new LoggedExchange(502, "upstream_closed", 1), await _log.NextAsync());
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Theory]
    [EachProtocol]
    public async Task Nothing_is_retried_once_a_response_byte_has_come(TestTransport transport)
    {
        await using var upstream = ClosesOnReuse(UpstreamResponse.Raw("HTTP/1.1 2").ThenClose());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await WarmAsync(proxy);

        var response = await proxy.SendAsync(Request("GET", 0));

        Assert.Equal(502, response.Status);
        Assert.Equal(new LoggedExchange(502, "upstream_closed", 1), await _log.NextAsync());
    }

    [Theory]
    [EachProtocol]
    public async Task A_fresh_connection_that_closes_before_a_response_byte_is_not_retried(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.CloseNow());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);

        var response = await proxy.SendAsync(Request("GET", 0));

        Assert.Equal(502, response.Status);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task An_idle_connection_that_died_is_not_used(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await WarmAsync(proxy);
        upstream.Connections[0].Close();
        var cluster = (FilterProxy.Core.Clusters.ProxyCluster)proxy.Engine.Snapshot!.Clusters["origin"];
        var pool = (ConnectionPool)cluster.GetPool(cluster.Endpoints[0].Peer);
        await Poll.UntilAsync(() => pool.Open == 0);

        // POST: a retry would show as a failure.
        var response = await proxy.SendAsync(Request("POST", 5));

        Assert.Equal(200, response.Status);
        Assert.Equal(1, (await _log.NextAsync()).Attempts);
    }

    [Theory]
    [EachProtocol]
    public async Task When_every_endpoint_refuses_the_client_gets_502(TestTransport transport)
    {
        using var one = new DeadPort();
        using var two = new DeadPort();
        await using var proxy = await _log.StartAsync($"\"127.0.0.1:{one.Port}\", \"127.0.0.1:{two.Port}\"", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(502, (await client.RoundTripAsync(Request("GET", 0))).Status);
        Assert.Equal(new LoggedExchange(502, "connect_failed", 2), await _log.NextAsync());
        Assert.Equal(502, (await client.RoundTripAsync(Request("POST", 5))).Status);
    }

    [Theory]
    [EachProtocol]
    public async Task A_cluster_whose_endpoints_take_no_share_answers_503(TestTransport transport)
    {
        await using var proxy = await _log.StartAsync("{ address: \"127.0.0.1:1\", weight: 0 }", transport: transport);

        var response = await proxy.SendAsync(Request("GET", 0));

        Assert.Equal(503, response.Status);
        Assert.Equal("no_endpoint", (await _log.NextAsync()).Reason);
    }

    private static string Request(string method, int body) =>
        $"{method} / HTTP/1.1\r\nHost: a\r\n{(body > 0 ? $"Content-Length: {body}\r\n" : "")}\r\n{new string('x', body)}";

    private static TestUpstream ClosesOnReuse(UpstreamResponse second) => TestUpstream.Start(
        r => r.Connection is { Id: 1, RequestCount: 2 } ? second : UpstreamResponse.Ok(r.Text));

    private async Task WarmAsync(TestProxy proxy)
    {
        Assert.Equal(200, (await proxy.SendAsync("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        await _log.NextAsync();
    }
}
