using System.Diagnostics;
using System.Text;
using FilterProxy.Filters.ProxyProtocol;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ProxyProtocol.ProxyHeaders;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

/// <summary>The filter in a whole proxy, over both of its transports and before and behind TLS.</summary>
public sealed class ProxyProtocolFilterTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Loopback = "trusted: [127.0.0.0/8]";

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task The_client_a_header_tells_reaches_the_upstream_and_the_filters(string io)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, io);

        foreach (var header in new[] { V1(), V2(tlvs: [Tlv(0x02, "www.example.com"), Tlv(0xEA, "vpce-1")]) })
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync(header);
            var response = await client.RoundTripAsync(Get);
            Assert.Equal("203.0.113.9:40000 to 198.51.100.1:443", response.Headers["x-seen"]);
        }

        Assert.All(upstream.Requests, r => Assert.Equal("203.0.113.9", r.Headers["x-forwarded-for"]));
        Assert.Equal("203.0.113.9 www.example.com vpce-1", (await Seen.LastAsync()));
        Assert.Equal((1, 1), (proxy.Counts[Count("v1")], proxy.Counts[Count("v2")]));
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task A_header_may_come_byte_by_byte_and_the_request_with_it(string io)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, io);

        foreach (var header in new[] { V1(), V2WithChecksum(Tlv(0x02, "a")) })
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendSlowlyAsync(header.Concat(Encoding.ASCII.GetBytes(Get)).ToArray());
            Assert.Equal("203.0.113.9:40000 to 198.51.100.1:443", (await client.ReadResponseAsync()).Headers["x-seen"]);
            Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_stands_before_or_behind_tls(bool before)
    {
        using var certificate = new TestCertificate("localhost");
        await using var upstream = TestUpstream.Start();
        var tls = $$"""{ tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ] } }""";
        var mine = $$"""{ proxy_protocol: { {{Loopback}} } }""";
        await using var proxy = await StartAsync(upstream.Port, before ? $"[ {mine}, {tls} ]" : $"[ {tls}, {mine} ]", "auto");

        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(System.Net.IPAddress.Loopback, proxy.Port);
        if (before)
        {
            await tcp.GetStream().WriteAsync(V2());
        }

        await using var stream = new System.Net.Security.SslStream(tcp.GetStream(), false, static (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync("localhost");
        if (!before)
        {
            await stream.WriteAsync(V2());
        }

        await using var client = new RawClient(stream);
        Assert.Equal("203.0.113.9:40000 to 198.51.100.1:443", (await client.RoundTripAsync(Get)).Headers["x-seen"]);
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task Local_and_unknown_keep_the_connections_own_addresses(string io)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, io);

        foreach (var header in new[] { V1("UNKNOWN"), V2(Local), V2(family: Unspecified, addresses: []) })
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync(header);
            var response = await client.RoundTripAsync(Get);
            Assert.Equal($"127.0.0.1:{client.LocalPort} to 127.0.0.1:{proxy.Port}", response.Headers["x-seen"]);
        }
    }

    [Fact]
    public async Task A_client_on_a_unix_socket_has_no_address()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, "auto");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(V2(family: Unix, addresses: AddressesUnix("", "/run/front")));

        Assert.Equal(":0 to :0", (await client.RoundTripAsync(Get)).Headers["x-seen"]);
    }

    public static TheoryData<string, string, byte[], string> Bad
    {
        get
        {
            (string Outcome, string Said, byte[] Bytes)[] cases =
            [
                ("missing", "sent something else", Encoding.ASCII.GetBytes(Get)),
                ("malformed", "malformed", V1("TCP4 1.2.3 4.5.6.7 1 2")),
                ("malformed", "malformed", V2(0x22)),
                ("too_large", "too large", Encoding.ASCII.GetBytes("PROXY " + new string('x', 10_000))),
                ("too_large", "too large", V2(tlvs: Tlv(0xE0, new byte[60_000]))),
                ("timeout", "in time", V2()[..20]),
                ("timeout", "in time", []),
            ];
            var data = new TheoryData<string, string, byte[], string>();
            foreach (var (outcome, said, bytes) in cases)
            {
                data.Add(outcome, said, bytes, "sockets");
                data.Add(outcome, said, bytes, "direct");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task What_is_no_header_closes_the_connection_in_time_said_once_and_counted(string outcome, string said, byte[] bytes, string io)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback + $", timeout: {(outcome == "timeout" ? "1s" : "30s")}", io);
        await using var client = await proxy.ConnectAsync();
        var clock = Stopwatch.StartNew();

        await client.SendAsync(bytes);

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault(Count(outcome)) == 1);
        Assert.Contains(said, Assert.Single(proxy.LogLines, l => l.Contains("PROXY protocol", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Empty(upstream.Requests);
        Assert.Equal(0, proxy.OpenConnections);
    }

    [Fact]
    public async Task A_header_sent_slowly_has_one_deadline()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback + ", timeout: 1s", "auto");
        await using var client = await proxy.ConnectAsync();

        // Steadily, a byte at a time; the whole header would take some 20 seconds.
        var header = V2(tlvs: Tlv(0xE0, new byte[4000]));
        var sent = 0;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (; sent < header.Length; sent++)
            {
                await client.SendAsync(header.AsMemory(sent, 1));
                await Task.Delay(5);
            }
        });

        Assert.InRange(sent, 1, header.Length - 1);
        Assert.Equal(1, proxy.Counts[Count("timeout")]);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_flood_of_bad_headers_is_a_line_and_not_a_flood()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, "auto");

        for (var i = 0; i < 50; i++)
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync(V1("nonsense"));
            Assert.True(await client.IsClosedByPeerAsync());
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault(Count("malformed")) == 50);
        Assert.Single(proxy.LogLines, l => l.Contains("PROXY protocol", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_is_not_trusted_is_refused_whatever_it_sends()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "trusted: [10.0.0.0/8]", "auto");
        try
        {
            await using var client = await proxy.ConnectAsync();
            await client.SendAsync(V2());
            Assert.True(await client.IsClosedByPeerAsync());
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // Refused before it could say anything.
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault(Count("untrusted")) == 1);
        Assert.Contains("not trusted", Assert.Single(proxy.LogLines, l => l.Contains("PROXY protocol", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_peer_that_is_not_trusted_can_be_let_pass_but_not_be_believed()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "trusted: [10.0.0.0/8], untrusted: pass", "auto");
        await using var plain = await proxy.ConnectAsync();
        await using var spoofing = await proxy.ConnectAsync();

        Assert.Equal($"127.0.0.1:{plain.LocalPort} to 127.0.0.1:{proxy.Port}", (await plain.RoundTripAsync(Get)).Headers["x-seen"]);
        await spoofing.SendAsync(V1());
        await spoofing.SendAsync(Get);
        Assert.Equal(400, (await spoofing.ReadResponseAsync()).Status);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [InlineData("sockets")]
    [InlineData("direct")]
    public async Task Where_a_header_is_not_required_connections_without_one_are_served_as_they_are(string io)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback + ", required: false", io);
        await using var with = await proxy.ConnectAsync();
        await using var without = await proxy.ConnectAsync();
        await using var slow = await proxy.ConnectAsync();

        await with.SendAsync(V1());
        Assert.Equal("203.0.113.9:40000 to 198.51.100.1:443", (await with.RoundTripAsync(Get)).Headers["x-seen"]);
        Assert.Equal($"127.0.0.1:{without.LocalPort} to 127.0.0.1:{proxy.Port}", (await without.RoundTripAsync(Get)).Headers["x-seen"]);
        await slow.SendSlowlyAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(200, (await slow.ReadResponseAsync()).Status);
        Assert.Equal(2, proxy.Counts[Count("none")]);
    }

    [Fact]
    public async Task Connections_per_client_count_the_client_and_not_the_proxy_in_front()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, Loopback, "auto", "http: { limits: { connections_per_client: 2 } }");
        var one = new List<RawClient>();
        for (var i = 0; i < 2; i++)
        {
            one.Add(await OpenAsync("203.0.113.9"));
        }

        await using var other = await OpenAsync("203.0.113.10");
        await using var third = await proxy.ConnectAsync();
        await third.SendAsync(V1("TCP4 203.0.113.9 198.51.100.1 1 443"));
        Assert.True(await third.IsClosedByPeerAsync());

        await one[0].DisposeAsync();
        await Poll.UntilAsync(async () =>
        {
            await using var again = await proxy.ConnectAsync();
            await again.SendAsync(V1("TCP4 203.0.113.9 198.51.100.1 1 443"));
            await again.SendAsync(Get);
            try
            {
                return (await again.ReadResponseAsync()).Status == 200;
            }
            catch (Exception e) when (e is IOException or RawFormatException)
            {
                return false;
            }
        });
        await one[1].DisposeAsync();

        async Task<RawClient> OpenAsync(string address)
        {
            var client = await proxy.ConnectAsync();
            await client.SendAsync(V1($"TCP4 {address} 198.51.100.1 1 443"));
            Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
            return client;
        }
    }

    [Theory]
    [InlineData("trusted: []", "trusted must name at least one network")]
    [InlineData("trusted: [127.0.0.1/8]", "127.0.0.1/8")]
    [InlineData("trusted: [127.0.0.0/8], timeout: 0", "timeout must be between")]
    [InlineData("trusted: [127.0.0.0/8], max_size: 100", "max_size must be between")]
    [InlineData("required: false", "trusted")]
    public async Task Options_that_make_no_sense_are_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, "auto"));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static string Count(string outcome) => $"filterproxy.proxy_protocol.connections outcome={outcome}";

    private static Task<TestProxy> StartAsync(int upstream, string options, string io, string http = "") => TestProxy.StartAsync(
        $$"""
        listeners: { web: { address: "127.0.0.1:0", io: {{io}}, filters: {{(options.StartsWith('[') ? options : $$"""[ { proxy_protocol: { {{options}} } } ]""")}} } }
        {{http}}
        routes: [ { name: all, cluster: origin, filters: [ seen ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """,
        components: [typeof(ProxyProtocolFilter), typeof(Seen)]);

    /// <summary>Tells what filters see of the client.</summary>
    [Component("seen")]
    private sealed class Seen : IResponseFilter
    {
        private static readonly Template Line = Template.Parse(
            "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %PROXY_PROTOCOL_TLV(authority)% %PROXY_PROTOCOL_TLV(0xEA)%");

        private static string s_last = "";

        public static async Task<string> LastAsync()
        {
            await Poll.UntilAsync(() => s_last.Length > 0);
            return s_last;
        }

        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            var d = exchange.Downstream;
            exchange.Response.Headers.Set("x-seen", $"{d.ClientAddress}:{d.RemotePort} to {d.LocalAddress}:{d.LocalPort}");
            s_last = Line.Format(exchange);
            return default;
        }
    }
}
