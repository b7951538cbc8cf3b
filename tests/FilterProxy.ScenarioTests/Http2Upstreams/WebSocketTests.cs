using System.Net;
using System.Net.WebSockets;
using System.Text;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>A client's WebSocket, asked for in either protocol, as extended CONNECT to the upstream (RFC 8441).</summary>
public sealed class WebSocketTests
{
    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task A_websocket_passes_over_extended_connect(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(EchoAsync);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: h2c");
        using var client = new ClientWebSocket();
        client.Options.AddSubProtocol("chat");

        await ConnectAsync(client, transport, proxy, "/socket?a=b");
        Assert.Equal("chat", client.SubProtocol);
        Assert.Equal("CONNECT HTTP/2 /socket?a=b", await ReceiveAsync(client));
        foreach (var text in new[] { "one", new string('x', 100_000) })
        {
            await client.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);
            Assert.Equal(text, await ReceiveAsync(client));
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.CloseStatus);
    }

    [Theory]
    [EachProtocol]
    public async Task A_websocket_that_is_refused_is_answered_as_by_http1(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x =>
        {
            x.Response.StatusCode = 403;
            return x.Response.WriteAsync("no");
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: h2c");

        var response = await proxy.SendAsync(Upgrade);

        Assert.Equal((403, "no"), (response.Status, response.Text));
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_without_extended_connect_is_a_502(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: true, (":status", "200")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: h2c");

        Assert.Equal(502, (await proxy.SendAsync(Upgrade)).Status);
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task Auto_takes_http1_for_a_websocket(TestTransport transport)
    {
        using var certificate = new TestCertificate("localhost");
        await using var upstream = await Http2Upstream.StartAsync(EchoAsync, certificate, HttpProtocols.Http1AndHttp2);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: auto, tls: { insecure: true }");
        using var client = new ClientWebSocket();

        await ConnectAsync(client, transport, proxy, "/");

        Assert.Equal("GET HTTP/1.1 /", await ReceiveAsync(client));
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_that_resets_the_websocket_ends_it_for_the_client(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            await x.WebSockets.AcceptWebSocketAsync();
            x.Abort();
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: h2c");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Upgrade);
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadLineAsync(), StringComparison.Ordinal);

        await client.ReadToEndAsync();
    }

    // HTTP/1 alone: about Upgrade.
    [Fact]
    public async Task Another_protocol_than_websocket_is_not_asked_for()
    {
        await using var upstream = await Http2Upstream.StartAsync(x => x.Response.WriteAsync($"{x.Request.Headers.Upgrade}plain"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, cluster: "protocol: h2c");

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");

        Assert.Equal((200, "plain"), (response.Status, response.Text));
    }

    private const string Upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private static async Task ConnectAsync(ClientWebSocket client, TestTransport transport, TestProxy proxy, string target)
    {
        if (TestTransports.IsHttp2(transport))
        {
            client.Options.HttpVersion = HttpVersion.Version20;
            client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { SslOptions = new() { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });
        var scheme = TestTransports.IsTls(transport) ? "wss" : "ws";
        await client.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{proxy.Port}{target}"), invoker, CancellationToken.None);
    }

    private static async Task EchoAsync(HttpContext x)
    {
        var socket = await x.WebSockets.AcceptWebSocketAsync(x.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        var hello = $"{x.Request.Method} {x.Request.Protocol} {x.Request.Path}{x.Request.QueryString}";
        await socket.SendAsync(Encoding.UTF8.GetBytes(hello), WebSocketMessageType.Text, true, x.RequestAborted);
        var buffer = new byte[4096];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, x.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(received.CloseStatus!.Value, received.CloseStatusDescription, x.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, x.RequestAborted);
        }
    }

    private static async Task<string> ReceiveAsync(ClientWebSocket client)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var received = await client.ReceiveAsync(buffer, CancellationToken.None);
            text.Append(Encoding.UTF8.GetString(buffer, 0, received.Count));
            if (received.EndOfMessage)
            {
                return text.ToString();
            }
        }
    }
}
