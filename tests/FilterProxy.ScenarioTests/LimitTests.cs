using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Limits on what a client and an upstream send.</summary>
public sealed class LimitTests : Scenario
{
    private readonly ExchangeLog _log = new();

    public static TheoryData<string, string, string, int, string, TestTransport> TooMuch
    {
        get
        {
            (string Key, string Limits, string Request, int Status, string Reason)[] cases =
            [
                ("request_body", "request_body: 10", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, "body_too_large"),
                ("request_body", "request_body: 10", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nabcde\r\n", 413, "body_too_large"),
                ("request_line", "request_line: 100", $"GET /{new string('x', 200)} HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"),
                ("request_head", "request_line: 512, header_size: 1KiB, request_head: 1KiB", $"GET / HTTP/1.1\r\nHost: a\r\nA: {new string('x', 600)}\r\nB: {new string('x', 600)}\r\n\r\n", 431, "head_too_large"),
                ("header_size", "header_size: 100", $"GET / HTTP/1.1\r\nHost: a\r\nA: {new string('x', 200)}\r\n\r\n", 431, "header_too_large"),
                ("header_count", "header_count: 2", "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n", 431, "too_many_headers"),
            ];
            var data = new TheoryData<string, string, string, int, string, TestTransport>();
            foreach (var transport in TestTransports.Most)
            {
                foreach (var (key, limits, request, status, reason) in cases)
                {
                    data.Add(key, limits, request, status, reason, transport);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task A_request_over_a_limit_is_refused_counted_and_its_message_ended(
        string key, string limits, string request, int status, string reason, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, limits, transport: transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(request);
        var response = await client.ReadResponseAsync();

        Assert.Equal(status, response.Status);
        Assert.Contains($"({reason})", response.Text);
        Assert.Equal((status, reason), ((await _log.NextAsync()) is var e ? (e.Status, e.Reason) : default));
        await AssertGivenUpAsync(client, response);
        Assert.DoesNotContain(upstream.Requests, r => r.IsComplete);
        await Counted.LimitAsync(proxy, key);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_of_exactly_the_limit_passes(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body: 10", transport: transport);

        Assert.Equal("0123456789", (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")).Text);
        Counted.Nothing(proxy);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_response_head_over_the_limit_is_502_and_its_upstream_connection_is_closed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("X-Long", new string('x', 3000))));
        await using var proxy = await _log.StartAsync(upstream.Port, "response_head: 2KiB", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(502, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("response_head_too_large", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        await Counted.LimitAsync(proxy, "response_head");
        Assert.Equal(502, (await client.RoundTripAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_connection_serves_as_many_requests_as_allowed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "requests_per_connection: 2", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Empty((await client.RoundTripAsync(Get)).Headers.Values("connection"));
        await AssertLastAsync(client, await client.RoundTripAsync(Get), transport);
        await Counted.LimitAsync(proxy, "requests_per_connection");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_connection_older_than_allowed_finishes_its_request_and_closes(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(r => r.Target == "/wait" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        await using var proxy = await _log.StartAsync(upstream.Port, "connection_duration: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Empty((await client.RoundTripAsync(Get)).Headers.Values("connection"));
        var old = proxy.Engine.Services.Heartbeat.Now + 400;
        await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now > old);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        await Poll.UntilAsync(() => upstream.Requests.Any(r => r.Target == "/wait"));
        gate.SetResult();
        var last = await client.ReadResponseAsync();

        Assert.Equal((200, "late"), (last.Status, last.Text));
        await AssertLastAsync(client, last, transport);
        await Counted.TimeoutAsync(proxy, "connection_duration");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_request_that_gets_no_upstream_connection_in_time_is_refused_and_counted(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok()));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "connect_timeout: 300ms, pool: { max: 1 }", transport: transport);
        await using var first = await proxy.ConnectAsync();
        await first.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("pool_exhausted", (await _log.NextAsync()).Reason);
        await Counted.LimitAsync(proxy, "cluster.pool.max");
        gate.SetResult();
        Assert.Equal(200, (await first.ReadResponseAsync()).Status);
    }
}
