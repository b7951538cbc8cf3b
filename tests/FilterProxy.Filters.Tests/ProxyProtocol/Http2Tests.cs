using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using FilterProxy.Filters.ProxyProtocol;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ProxyProtocol.ProxyHeaders;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

/// <summary>A header before HTTP/2 holds for every stream, and each client's streams have upstream connections of their own.</summary>
public sealed class Http2Tests
{
    private static readonly (string, string)[] Hang = [(":method", "GET"), (":scheme", "http"), (":path", "/hang"), (":authority", "a")];
    private const string Mine = "{ proxy_protocol: { trusted: [127.0.0.0/8] } }";

    [Theory]
    [InlineData("sockets", "")]
    [InlineData("direct", "")]
    [InlineData("auto", "before")]
    [InlineData("auto", "behind")]
    public async Task The_client_a_header_tells_is_that_of_every_stream(string io, string tls)
    {
        using var certificate = new TestCertificate("localhost");
        var entry = $$"""{ tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ] } }""";
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, io, tls switch { "before" => $"{Mine}, {entry}", "behind" => $"{entry}, {Mine}", _ => Mine });
        await using var one = await ConnectAsync(proxy.Port, V1(), tls);
        await using var two = await ConnectAsync(proxy.Port, V2(family: Tcp6, addresses: Addresses6, tlvs: Tlv(0x02, "www.example.com")), tls);

        for (var i = 0; i < 3; i++)
        {
            var streams = new[] { (one, await one.OpenAsync(end: true)), (two, await two.OpenAsync(end: true)) };
            foreach (var (client, stream) in streams)
            {
                var response = await client.ReadResponseAsync(stream);
                var (seen, forwarded) = client == one
                    ? ("203.0.113.9:40000 to 198.51.100.1:443", "203.0.113.9")
                    : ("2001:db8::9:40000 to 2001:db8::1:443 www.example.com", "2001:db8::9");
                Assert.Equal((200, seen), (response.Status, response.Headers["x-seen"]));
                Assert.Contains(upstream.Requests, r => r.Headers["x-forwarded-for"] == forwarded);
            }
        }

        Assert.Equal(6, upstream.Requests.Count);
    }

    [Fact]
    public async Task A_header_and_the_preface_may_come_byte_by_byte()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "direct", Mine);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, proxy.Port);
        await using var client = H2Client.Silent(new NetworkStream(socket));
        foreach (var b in V2().Concat(H2Client.Preface.ToArray()))
        {
            await client.SendAsync([b]);
            await Task.Yield();
        }

        await client.SendAsync(H2Frame.Settings((1, 0)), H2Client.HeadersFrame(1, end: true));

        Assert.Equal("203.0.113.9:40000 to 198.51.100.1:443", (await client.ReadResponseAsync(1)).Headers["x-seen"]);
    }

    [Theory]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task Streams_of_one_client_go_upstream_under_its_name_alone_and_their_connections_end_with_it(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/hang" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var inner = await StartAsync(upstream.Port, "auto", Mine);
        await using var outer = await TestProxy.StartAsync(inner.Port, transport, cluster: "proxy_protocol: v2");
        var one = await outer.ConnectH2Async();
        await using var two = await outer.ConnectH2Async();
        var hanging = await one.OpenAsync(end: true, Hang);
        await upstream.WaitForRequestsAsync(1);

        var seen = new HashSet<string>();
        for (var i = 0; i < 4; i++)
        {
            seen.Add((await one.RoundTripAsync()).Headers["x-seen"]!);
        }

        // One for the stream that hangs, and one that the others share.
        Assert.Single(seen);
        Assert.Equal(2, inner.OpenConnections);
        Assert.True(seen.Add((await two.RoundTripAsync()).Headers["x-seen"]!), "Two clients have two addresses.");
        Assert.Equal(3, inner.OpenConnections);

        await one.DisposeAsync();

        // Those of the client that is gone, idle or not.
        await Poll.UntilAsync(() => inner.OpenConnections == 1);
        Assert.Contains((await two.RoundTripAsync()).Headers["x-seen"]!, seen);
        Assert.Equal(1, inner.OpenConnections);
        Assert.True(hanging > 0);
    }

    private static Task<TestProxy> StartAsync(int upstream, string io, string filters) => TestProxy.StartAsync(
        $$"""
        listeners: { web: { address: "127.0.0.1:0", io: {{io}}, protocols: [http1, http2], filters: [ {{filters}} ] } }
        routes: [ { name: all, cluster: origin, filters: [ seen_client ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """,
        components: [typeof(ProxyProtocolFilter), typeof(SeenClient)]);

    private static async Task<H2Client> ConnectAsync(int port, byte[] header, string tls)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        Stream stream = tcp.GetStream();
        if (tls != "behind")
        {
            await stream.WriteAsync(header);
        }

        if (tls.Length > 0)
        {
            var secured = new SslStream(stream);
            await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
            stream = secured;
        }

        if (tls == "behind")
        {
            await stream.WriteAsync(header);
        }

        return await H2Client.StartAsync(stream);
    }

    /// <summary>Tells what filters see of the client.</summary>
    [Component("seen_client")]
    private sealed class SeenClient : IResponseFilter
    {
        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            var d = exchange.Downstream;
            exchange.Response.Headers.Set("x-seen", $"{d.ClientAddress}:{d.RemotePort} to {d.LocalAddress}:{d.LocalPort} {d.ProxyProtocol?.Authority}");
            return default;
        }
    }
}
