using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>WebSockets over HTTP/2 (RFC 8441) to upstreams that know only the Upgrade of HTTP/1.</summary>
public sealed class WebSocketTests : Http2Scenario
{
    private static readonly (string, string)[] Connect =
    [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/ws?a=1"), (":authority", "a.example"),
        ("sec-websocket-version", "13"), ("sec-websocket-protocol", "chat"),
    ];

    private static readonly (string, string) Chat = ("Sec-WebSocket-Protocol", "chat");

    private readonly ExchangeLog _log = new();

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_pass_both_ways(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r, Chat).ThenRun(EchoAsync));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Connect);

        var head = Hpack.Decode((await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Headers)).Payload);
        Assert.Equal(("200", "chat"), (head[":status"], head["sec-websocket-protocol"]));
        Assert.False(head.Contains("upgrade") || head.Contains("connection") || head.Contains("sec-websocket-accept"));
        var request = upstream.Requests[0];
        Assert.Equal(("GET", "/ws?a=1", "websocket", "Upgrade", "a.example", "chat"), (
            request.Method, request.Target, request.Headers["Upgrade"], request.Headers["Connection"], request.Headers["Host"], request.Headers["Sec-WebSocket-Protocol"]));
        Assert.Equal(16, Convert.FromBase64String(request.Headers["Sec-WebSocket-Key"]!).Length);

        await client.SendDataAsync(stream, "hello "u8.ToArray(), end: false);
        await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Data);
        await client.SendDataAsync(stream, new byte[300_000], end: true);

        // Its end is passed on, and answered by the upstream's own.
        var response = await client.ReadResponseAsync(stream);
        Assert.Equal(300_006, response.Body.Length);
    }

    [Fact]
    public async Task The_end_of_the_upstream_ends_the_stream_in_order()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r, Chat).ThenSend("bye").ThenClose());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.ReadResponseAsync(await client.OpenAsync(end: false, Connect));

        Assert.Equal((200, "bye"), (response.Status, response.Text));
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_stream_that_is_reset_closes_the_upstream()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r, Chat).ThenHang());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Connect);
        await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Headers);

        await client.SendAsync(H2Frame.Number(H2FrameType.RstStream, stream, 8));

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_silent_one_is_ended_after_the_idle_timeout()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r, Chat).ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, "upgrade_idle_timeout: 300ms", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Connect);

        await client.ReadResponseAsync(stream);

        Assert.Equal("upgrade_idle_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task An_upstream_may_refuse()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(403, "no"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.ReadResponseAsync(await client.OpenAsync(end: false, Connect));

        Assert.Equal((403, "no"), (response.Status, response.Text));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")]
    public async Task An_upstream_that_does_not_switch_by_the_rules_is_502(string answer)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw(answer).ThenHang());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(502, (await client.ReadResponseAsync(await client.OpenAsync(end: false, Connect))).Status);
    }

    [Fact]
    public async Task A_plain_CONNECT_is_405()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ allow_connect: true }");
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(client, await client.OpenAsync(end: false, (":method", "CONNECT"), (":authority", "b.example:443")));

        Assert.Equal("status 405", answer);
        Assert.Empty(upstream.Requests);
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
