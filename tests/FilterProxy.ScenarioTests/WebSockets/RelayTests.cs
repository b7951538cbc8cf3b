using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.WebSockets;

/// <summary>
/// A WebSocket through the proxy is the WebSocket: what is right passes, what is wrong passes too and is the peers' to refuse, byte for byte
/// as without a proxy between.
/// </summary>
public sealed class RelayTests(WsServer server) : IClassFixture<WsServer>
{
    private const string Upgrade =
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private static readonly (string, string)[] Connect =
        [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/echo"), (":authority", "a"), ("sec-websocket-version", "13")];

    /// <summary>Each case is a promise; a run asks for all of them, and names those that are not kept.</summary>
    public static TheoryData<string> Ways => ["direct", "Sockets", "Tls", "Direct", "H2c", "H2"];

    [WsTheory]
    [MemberData(nameof(Ways))]
    public async Task Every_case_is_answered_as_it_must_be(string way)
    {
        await using var proxy = way == "direct" ? null : await TestProxy.StartAsync(server.Port, Enum.Parse<TestTransport>(way));
        var broken = new List<string>();
        foreach (var (name, test) in WsCase.All)
        {
            var answer = way.StartsWith("H2", StringComparison.Ordinal) ? await OverH2Async(proxy!, test) : await OverHttp1Async(proxy, test);
            if (!answer.AsSpan().SequenceEqual(test.Answer))
            {
                broken.Add($"{name}: {Show(answer)} instead of {Show(test.Answer)}");
            }
        }

        Assert.Empty(broken);
    }

    [WsTheory]
    [InlineData(TestTransport.Sockets, "ws")]
    [InlineData(TestTransport.Direct, "ws")]
    [InlineData(TestTransport.Tls, "wss")]
    [InlineData(TestTransport.DirectTls, "wss")]
    public async Task An_application_finds_its_peer(TestTransport transport, string scheme)
    {
        await using var proxy = await TestProxy.StartAsync(server.Port, transport);

        var output = await server.RunClientAsync($"{scheme}://localhost:{proxy.Port}/echo");

        Assert.Equal("ok text\nok binary\nok deflate\nok deflate_without_context\nok ping\nok close_codes\nok many_messages_at_once\nok too_large", output);
    }

    private async Task<byte[]> OverHttp1Async(TestProxy? proxy, WsCase test)
    {
        await using var client = proxy is null ? await RawClient.ConnectAsync(server.Port) : await proxy.ConnectHttp1Async();
        client.Deadline = TimeSpan.FromSeconds(30);
        await client.SendAsync(Upgrade);
        var head = await client.ReadResponseAsync(toHead: true);
        Assert.Equal(101, head.Status);
        var before = client.Received.Length;
        var reading = client.ReadToEndAsync();
        try
        {
            foreach (var piece in test.Sent)
            {
                await client.SendAsync(piece);
            }
        }
        catch (IOException)
        {
            // It was refused before all was sent.
        }

        await reading;
        return client.Received[before..];
    }

    private static async Task<byte[]> OverH2Async(TestProxy proxy, WsCase test)
    {
        await using var client = await proxy.ConnectH2Async();
        client.Deadline = TimeSpan.FromSeconds(30);
        var stream = await client.OpenAsync(end: false, Connect);
        var head = await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Headers);
        Assert.Equal("200", Hpack.Decode(head.Payload)[":status"]);
        try
        {
            foreach (var piece in test.Sent)
            {
                await client.SendDataAsync(stream, piece, end: false);
            }
        }
        catch (IOException)
        {
            // It was refused before all was sent.
        }

        await client.WaitForAsync(f => f.Stream == stream && (f.Ends || f.Type == H2FrameType.RstStream));
        return [.. client.Frames.Where(f => f.Stream == stream && f.Type == H2FrameType.Data).SelectMany(f => f.Payload)];
    }

    private static string Show(byte[] bytes) => bytes.Length > 40 ? $"{bytes.Length} bytes {Convert.ToHexString(bytes.AsSpan(0, 40))}…" : Convert.ToHexString(bytes);
}
