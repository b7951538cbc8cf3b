using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>WebSockets, by the Upgrade of HTTP/1 and by the extended CONNECT of HTTP/2 (RFC 8441), to upstreams that know the former.</summary>
public sealed class UpgradeTests : Scenario
{
    internal const string WebSocket = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Bytes_pass_both_ways_after_101(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(EchoAsync));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(WebSocket);
        Assert.Equal((101, "websocket", "Upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), (
            response.Status, response.Headers["Upgrade"], response.Headers["Connection"], response.Headers["Sec-WebSocket-Accept"]));
        Assert.Equal(("websocket", "Upgrade"), (upstream.Requests[0].Headers["Upgrade"], upstream.Requests[0].Headers["Connection"]));
        foreach (var message in new[] { "one", "two\r\n\r\nGET / HTTP/1.1\r\n", new string('x', 100_000) })
        {
            var sending = client.SendAsync(message);
            Assert.Equal(message, Encoding.ASCII.GetString(await client.ReadExactlyAsync(message.Length)));
            await sending;
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Pings_pass_both_ways_as_they_are_and_keep_a_connection_alive(TestTransport transport)
    {
        // RFC 6455 §5.5.2: a masked PING of a client, and the PONG of its server.
        const string Ping = "\x89\x82\x01\x02\x03\x04\x69\x6b", Pong = "\x8a\x02hi", OwnPing = "\x89\0";
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(async stream =>
        {
            var ping = new byte[Ping.Length];
            while (true)
            {
                await stream.ReadExactlyAsync(ping);
                Assert.Equal(Ping, Encoding.Latin1.GetString(ping));
                await stream.WriteAsync(Encoding.Latin1.GetBytes(Pong + OwnPing));
            }
        }));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { upgrade_idle_timeout: 2s } }");
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RoundTripAsync(WebSocket)).Status);
        var end = proxy.Engine.Services.Heartbeat.Now + 3_000;

        while (proxy.Engine.Services.Heartbeat.Now < end)
        {
            await client.SendAsync(Ping);
            Assert.Equal(Pong + OwnPing, Encoding.Latin1.GetString(await client.ReadExactlyAsync(Pong.Length + OwnPing.Length)));
            var pause = proxy.Engine.Services.Heartbeat.Now + 100;
            await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now >= pause);
        }

        // And when they stop, so does the connection.
        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Equal(1, proxy.Counts["filterproxy.timeout timeout=upgrade_idle_timeout"]);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task What_the_upstream_sends_with_its_head_is_not_lost(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenSend("hello").ThenHang());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(101, (await client.RoundTripAsync(WebSocket)).Status);

        Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task What_the_client_sends_with_its_head_waits_for_the_switch(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.SwitchToWebSocket(r)).ThenRun(EchoAsync));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(WebSocket + "early");
        await upstream.WaitForRequestsAsync(1);
        gate.SetResult();

        Assert.Equal(101, (await client.ReadResponseAsync()).Status);
        Assert.Equal("early", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task The_end_of_the_upstream_reaches_the_client(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenSend("bye").ThenClose());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.RoundTripAsync(WebSocket);

        Assert.Equal("bye", await client.ReadToEndAsync());
    }

    // Not over Kestrel's own sockets: what ends their output ends their input with it.
    [Fact]
    public async Task The_last_word_of_the_upstream_reaches_a_client_that_still_sends()
    {
        var word = new string('!', 256 * 1024);
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(async stream =>
        {
            await stream.ReadExactlyAsync(new byte[5]);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(word));
            ((NetworkStream)stream).Socket.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(Stream.Null);
        }));
        var log = new ExchangeLog();
        await using var proxy = await log.StartAsync(upstream.Port, transport: TestTransport.Direct);

        // It takes in little at a time: the word waits on the proxy's side, where a reset would lose it.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8192 };
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port);
        await using var client = new RawClient(new NetworkStream(socket, ownsSocket: true));
        Assert.Equal(101, (await client.RoundTripAsync(WebSocket)).Status);
        await client.SendAsync("hello");
        using var isHeard = new CancellationTokenSource();
        var sending = SendUntilAsync(client, isHeard.Token);
        await log.NextAsync();

        Assert.Equal(word, await client.ReadToEndAsync());
        await isHeard.CancelAsync();
        await sending;
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task The_end_of_the_client_reaches_the_upstream(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(EchoAsync));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using (var client = await proxy.ConnectAsync())
        {
            await client.RoundTripAsync(WebSocket);
        }

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_may_refuse_to_switch(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/ws" ? UpstreamResponse.Create(426, "no") : UpstreamResponse.Ok());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(WebSocket);

        Assert.Equal((426, "no"), (response.Status, response.Text));
        Assert.Equal("ok", (await client.RoundTripAsync(Get)).Text);
        Assert.Single(upstream.Connections);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_switch_nobody_asked_for_is_502(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenHang());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        Assert.Equal(502, (await proxy.SendAsync(Get)).Status);
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    // HTTP/1 alone: a request with Upgrade is malformed in HTTP/2 (Http2/DowngradeTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Upgrade_is_not_passed_on_where_it_means_nothing(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();
        string[] requests =
        [
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
        ];
        foreach (var request in requests)
        {
            Assert.Equal(200, (await client.RoundTripAsync(request)).Status);
        }

        Assert.Equal(requests.Length, upstream.Requests.Count);
        Assert.All(upstream.Requests, r => Assert.False(
            r.Headers.Contains("Upgrade") || r.Headers.Contains("HTTP2-Settings") || r.Headers.Contains("Connection"), r.RawHead));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Connect_is_405_unless_allowed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");

        Assert.Equal(405, response.Status);
        Assert.Contains("GET", response.Headers["Allow"], StringComparison.Ordinal);
        await AssertGivenUpAsync(client, response);
        Assert.Empty(upstream.Requests);
    }

    // HTTP/1 alone: CONNECT without a protocol is 405 over HTTP/2 (Http2/WebSocketTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Connect_is_relayed_where_allowed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n").ThenRun(EchoAsync));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ allow_connect: true }");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("CONNECT b.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n");
        Assert.Equal("HTTP/1.1 200 OK", await client.ReadLineAsync());
        while (await client.ReadLineAsync() is { Length: > 0 } line)
        {
            Assert.DoesNotContain("Content-Length", line, StringComparison.OrdinalIgnoreCase);
        }

        await client.SendAsync("hello");

        Assert.Equal("hello", Encoding.ASCII.GetString(await client.ReadExactlyAsync(5)));
        Assert.Equal(("CONNECT", "b.example:443"), (upstream.Requests[0].Method, upstream.Requests[0].Target));
    }

    private static async Task SendUntilAsync(RawClient client, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await client.SendAsync("and more");
                await Task.Yield();
            }
        }
        catch (IOException)
        {
            // The proxy has heard enough.
        }
    }

    private static async Task EchoAsync(Stream stream)
    {
        var buffer = new byte[8192];
        while (await stream.ReadAsync(buffer) is > 0 and var read)
        {
            await stream.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
