using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>The times a client is given: status, reason, metric, and what becomes of both connections.</summary>
public sealed class TimeoutTests : Scenario
{
    private const string Upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    private readonly ExchangeLog _log = new();

    public static TheoryData<string, string, TestTransport> StalledBodies
    {
        get
        {
            var data = new TheoryData<string, string, TestTransport>();
            foreach (var transport in TestTransports.Most)
            {
                data.Add("Content-Length: 10", "abc", transport);
                data.Add("Transfer-Encoding: chunked", "3\r\nabc\r\n", transport);
            }

            return data;
        }
    }

    // HTTP/1 alone: half a field block of HTTP/2 has no stream to answer on (Http2/LimitTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_head_that_does_not_end_gets_408_and_a_close(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHo");

        var response = await client.ReadResponseAsync();

        Assert.Equal((408, "close"), (response.Status, response.Headers.Values("connection").Single()));
        Assert.Equal(new LoggedExchange(408, "request_head_timeout", 0), await _log.NextAsync());
        Assert.True(await client.IsClosedByPeerAsync());
        await Counted.TimeoutAsync(proxy, "header_timeout");
    }

    // HTTP/1 alone: as above.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Sending_a_head_byte_by_byte_does_not_extend_its_time(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 500ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nX: ");
        var answer = client.ReadResponseAsync();

        while (!answer.IsCompleted)
        {
            await client.SendAsync("x");
            await Task.WhenAny(answer, Task.Delay(50));
        }

        Assert.Equal(408, (await answer).Status);
        await Counted.TimeoutAsync(proxy, "header_timeout");
    }

    // HTTP/1 alone: one of HTTP/2 begins by itself, and is idle from then on.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_connection_that_never_began_a_request_is_closed_without_a_byte(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("\r\n");

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Empty(client.Received);
        await Counted.TimeoutAsync(proxy, "header_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_idle_connection_is_closed_without_a_byte(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "idle_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        Assert.True(await client.IsClosedByPeerAsync());
        await Counted.TimeoutAsync(proxy, "idle_timeout");
    }

    [Theory]
    [MemberData(nameof(StalledBodies))]
    public async Task A_request_body_that_stands_still_gets_408_and_both_messages_end(string framing, string part, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "body_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{part}");

        var response = await client.ReadResponseAsync();

        Assert.Equal(408, response.Status);
        Assert.Equal("request_body_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        Assert.False(upstream.Requests[0].IsComplete);
        await AssertGivenUpAsync(client, response);
        await Counted.TimeoutAsync(proxy, "body_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_does_not_read_holds_the_upstream_back_and_is_cut_after_the_write_timeout(TestTransport transport)
    {
        long sent = 0;
        var piece = new byte[64 * 1024];
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse
            .Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            .ThenRun(async stream =>
            {
                while (true)
                {
                    await stream.WriteAsync(piece);
                    Interlocked.Add(ref sent, piece.Length);
                }
            }));
        await using var proxy = await _log.StartAsync(upstream.Port, "write_timeout: 500ms", transport: transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        var entry = await _log.NextAsync();
        await upstream.Connections[0].Closed;

        Assert.Equal("client_write_timeout", entry.Reason);

        // What fits into the sockets' own buffers on the way, and no more.
        Assert.InRange(Interlocked.Read(ref sent), 1, 32 * 1024 * 1024);
        await Counted.TimeoutAsync(proxy, "write_timeout");
    }

    [Theory]
    [InlineData(TestTransport.Tls)]
    [InlineData(TestTransport.DirectTls)]
    public async Task A_tls_handshake_that_does_not_end_is_closed(TestTransport transport)
    {
        using var certificate = new TestCertificate("localhost");
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners:
              web:
                address: "127.0.0.1:0"
                io: {{(transport == TestTransport.Tls ? "sockets" : "direct")}}
                filters: [ { tls: { handshake_timeout: 300ms, certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}" } } ] } } ]
            routes: [ { respond: { body: hi } } ]
            """);
        await using var client = await RawClient.ConnectAsync(proxy.Port);
        await client.SendAsync("\x16\x03\x01");

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Empty(client.Received);
        await Counted.TimeoutAsync(proxy, "tls.handshake_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_websocket_that_is_silent_is_closed_on_both_sides(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, "upgrade_idle_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RoundTripAsync(Upgrade)).Status);

        Assert.True(await client.IsClosedByPeerAsync());
        await upstream.Connections[0].Closed;
        Assert.Equal("upgrade_idle_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "upgrade_idle_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_websocket_older_than_allowed_is_closed_however_busy(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(async stream =>
        {
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray());
                await Task.Delay(20);
            }
        }));
        await using var proxy = await _log.StartAsync(
            upstream.Port, "upgrade_idle_timeout: 10s, upgrade_duration: 1500ms", route: "timeouts: { total: 1s, idle: 1s }", transport: transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RoundTripAsync(Upgrade)).Status);

        var received = await client.ReadToEndAsync();

        Assert.True(received.Length > 5);
        await upstream.Connections[0].Closed;
        Assert.Equal("upgrade_duration", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "upgrade_duration");
    }
}
