using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Which connections go where.</summary>
public sealed class RuleTests
{
    [Theory]
    [InlineData("auto", 1)]
    [InlineData("auto", 4096)]
    [InlineData("sockets", 1)]
    public async Task TLS_is_passed_through_by_name_though_the_hello_comes_in_pieces(string io, int piece)
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await BySniAsync(one.Port, two.Port, io);
        var hello = ClientHello.Make("db.Two.example", "postgresql");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        for (var at = 0; at < hello.Length; at += piece)
        {
            await client.SendAsync(hello.AsMemory(at, Math.Min(piece, hello.Length - at)));
        }

        using var server = await two.AcceptAsync();
        Assert.Equal(Encoding.ASCII.GetString(hello), await server.HearAsync(hello.Length));
        await server.SayAsync("ok");
        Assert.Equal("ok", await client.HearAsync(2));
    }

    [Fact]
    public async Task TLS_passed_through_is_shaken_hands_on_with_the_upstream_itself()
    {
        using var certificate = new TestCertificate("one.example");
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await BySniAsync(one.Port, two.Port);
        var serving = Task.Run(async () => await TlsTalk.ServeAsync(await one.AcceptAsync(), certificate, new SslApplicationProtocol("redis")));

        await using var client = await TlsTalk.ConnectAsync(proxy.Port, "one.example", new SslApplicationProtocol("redis"));
        await using var server = await serving;

        Assert.Equal("one.example", server.TargetHostName);
        Assert.Equal("redis", client.NegotiatedApplicationProtocol.ToString());
        await client.WriteAsync("PING"u8.ToArray());
        Assert.Equal("PING", await server.HearAsync(4));
    }

    [Fact]
    public async Task What_a_client_offers_by_ALPN_decides_where_names_do_not()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await BySniAsync(one.Port, two.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("elsewhere.example", "h2", "redis"));

        using var server = await one.AcceptAsync();
        await server.SayAsync("ok");
        Assert.Equal("ok", await client.HearAsync(2));
    }

    [Fact]
    public async Task What_no_rule_is_about_is_closed()
    {
        await using var proxy = await BySniAsync(UpstreamTests.DeadPort(), UpstreamTests.DeadPort());
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        await client.SendAsync(ClientHello.Make("elsewhere.example", "h2"));

        Assert.False(await client.EndsOrderlyAsync());
    }

    [Theory]
    [InlineData("sources: [127.0.0.0/8]", true)]
    [InlineData("sources: [10.0.0.0/8, 127.0.0.1]", true)]
    [InlineData("sources: [10.0.0.0/8]", false)]
    [InlineData("ports: [1-65535]", true)]
    [InlineData("ports: [22, 1]", false)]
    [InlineData("sources: [127.0.0.1], ports: [22]", false)]
    public async Task Rules_by_address_and_port_leave_the_others_to_HTTP(string match, bool isRelayed)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners:
              web:
                address: 127.0.0.1:0
                filters: [ { tcp_relay: { rules: [ { match: { {{match}} }, cluster: origin } ], otherwise: next } } ]
            routes: [ { name: all, respond: { status: 200, body: "http" } } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var client = await proxy.ConnectAsync();
        if (!isRelayed)
        {
            Assert.Equal(200, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
            return;
        }

        using var server = await upstream.AcceptAsync();
        await client.SendAsync("GET");
        Assert.Equal("GET", await server.HearAsync(3));
    }

    [Fact]
    public async Task TLS_is_ended_before_a_plain_service_and_each_end_is_passed_on()
    {
        using var certificate = new TestCertificate("db.example");
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: Tls(certificate, "application_protocols: [postgresql]"));
        await using var client = await TlsTalk.ConnectAsync(proxy.Port, "db.example", new SslApplicationProtocol("postgresql"));
        using var server = await upstream.AcceptAsync();

        Assert.Equal("postgresql", client.NegotiatedApplicationProtocol.ToString());
        await client.WriteAsync("query"u8.ToArray());
        Assert.Equal("query", await server.HearAsync(5));
        await server.SayAsync("rows");
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal("rows", await client.HearAsync(4));
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        await client.WriteAsync("bye"u8.ToArray());

        Assert.Equal("bye", await server.HearAsync(3));
        await client.ShutdownAsync();
        Assert.True(await server.EndsOrderlyAsync());
    }

    [Fact]
    public async Task A_listener_that_speaks_nothing_itself_agrees_on_no_protocol_whatever_clients_offer()
    {
        using var certificate = new TestCertificate("db.example");
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, before: Tls(certificate));
        await using var client = await TlsTalk.ConnectAsync(proxy.Port, "db.example", SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        using var server = await upstream.AcceptAsync();

        Assert.True(client.NegotiatedApplicationProtocol.Protocol.IsEmpty);
    }

    [Fact]
    public async Task Behind_TLS_the_name_decides_too()
    {
        using var certificate = new TestCertificate("db.example", "www.example");
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners:
              web:
                address: 127.0.0.1:0
                filters: [ {{Tls(certificate)}} { tcp_relay: { rules: [ { match: { server_names: [db.example] }, cluster: origin } ], otherwise: next } } ]
            routes: [ { name: all, respond: { status: 200, body: "http" } } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var web = new RawClient(await TlsTalk.ConnectAsync(proxy.Port, "www.example"));
        Assert.Equal(200, (await web.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        await using var db = await TlsTalk.ConnectAsync(proxy.Port, "db.example");
        using var server = await upstream.AcceptAsync();
        await db.WriteAsync("query"u8.ToArray());
        Assert.Equal("query", await server.HearAsync(5));
    }

    [Fact]
    public async Task A_rule_that_asks_for_what_nobody_has_looked_for_is_warned_of()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync($$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { rules: [ { match: { server_names: [a.example] }, cluster: origin } ] } } ] } }
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        Assert.Contains(proxy.LogLines, line => line.Contains("'tls_inspector' must stand before tcp_relay", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}", "needs a cluster")]
    [InlineData("{ cluster: nowhere }", "nowhere")]
    [InlineData("{ cluster: origin, otherwise: next }", "otherwise has no effect")]
    [InlineData("{ rules: [ { match: { sources: [127.0.0.1] } } ] }", "a cluster or an action")]
    [InlineData("{ rules: [ { cluster: origin, action: close } ] }", "a cluster or an action")]
    [InlineData("{ rules: [ { match: { server_names: ['a*b'] }, cluster: origin } ] }", "is no name")]
    [InlineData("{ rules: [ { match: { protocols: [gopher] }, cluster: origin } ] }", "gopher")]
    [InlineData("{ rules: [ { match: { ports: [70000] }, cluster: origin } ] }", "expected a port")]
    [InlineData("{ cluster: origin, idle_timeout: 1us }", "must be between 10ms")]
    [InlineData("{ cluster: origin, upload_rate: 0 }", "at least 1 byte")]
    [InlineData("{ cluster: origin, shared_rate: { by: client } }", "upload or download")]
    [InlineData("{ cluster: origin, connect_attempts: 0 }", "between 1 and 100")]
    public async Task Configurations_that_make_no_sense_are_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => RelayProxy.StartAsync($$"""
            listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: {{options}} } ] } }
            clusters: { origin: { endpoints: ["127.0.0.1:1"] } }
            """));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    private static string Tls(TestCertificate certificate, string more = "") =>
        $$"""{ tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ]{{(more.Length > 0 ? ", " + more : "")}} } },""";

    private static Task<TestProxy> BySniAsync(int one, int two, string io = "auto") => RelayProxy.StartAsync($$"""
        listeners:
          web:
            address: 127.0.0.1:0
            protocols: []
            io: {{io}}
            filters:
              - tls_inspector: {}
              - tcp_relay:
                  rules:
                    - { match: { server_names: [one.example, "*.one.example"] }, cluster: one }
                    - { match: { server_names: ["*.two.example"] }, cluster: two }
                    - { match: { alpn: [redis] }, cluster: one }
        clusters:
          one: { endpoints: ["127.0.0.1:{{one}}"] }
          two: { endpoints: ["127.0.0.1:{{two}}"] }
        """);
}
