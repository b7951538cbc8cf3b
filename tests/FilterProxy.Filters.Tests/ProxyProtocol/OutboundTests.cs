using FilterProxy.Filters.ProxyProtocol;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

/// <summary>A cluster that tells its upstream the client: as our own filter, haproxy and nginx read it.</summary>
public sealed class OutboundTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData("v1", TestTransport.Sockets)]
    [InlineData("v2", TestTransport.Sockets)]
    [InlineData("v2", TestTransport.Direct)]
    public async Task Each_client_is_told_on_connections_of_its_own(string version, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var inner = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", filters: [ { proxy_protocol: { trusted: [127.0.0.0/8] } } ] } }
            routes: [ { name: all, cluster: origin, filters: [ tell_peer ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            components: [typeof(ProxyProtocolFilter), typeof(TellPeer)]);
        await using var outer = await TestProxy.StartAsync(inner.Port, transport, cluster: $"proxy_protocol: {version}");
        await using var one = await outer.ConnectAsync();
        await using var two = await outer.ConnectAsync();

        var connections = new HashSet<string>();
        for (var i = 0; i < 3; i++)
        {
            foreach (var client in new[] { one, two })
            {
                var response = await client.RoundTripAsync(Get);
                Assert.Equal($"127.0.0.1:{client.LocalPort} to {outer.Port}", response.Headers["x-peer"]);
                connections.Add(response.Headers["x-connection"]!);
            }
        }

        // Reused for the same client, as the count of six exchanges shows.
        Assert.Equal(2, connections.Count);
        await one.DisposeAsync();
        await two.DisposeAsync();
        await Poll.UntilAsync(() => inner.OpenConnections == 0);
    }

    [Fact]
    public async Task The_header_stands_before_TLS()
    {
        using var certificate = new TestCertificate("localhost");
        await using var upstream = TestUpstream.Start();
        await using var inner = await TestProxy.StartAsync(
            $$"""
            listeners:
              web:
                address: 127.0.0.1:0
                filters:
                  - proxy_protocol: { trusted: [127.0.0.0/8] }
                  - tls: { certificates: [ { file: { cert: "{{certificate.CertPath}}", key: "{{certificate.KeyPath}}", default: true } } ] }
            routes: [ { name: all, cluster: origin, filters: [ tell_peer ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            components: [typeof(ProxyProtocolFilter), typeof(TellPeer)]);
        await using var outer = await TestProxy.StartAsync(inner.Port, cluster: "proxy_protocol: v2, tls: { insecure: true }");
        await using var client = await outer.ConnectAsync();

        var response = await client.RoundTripAsync(Get);

        Assert.Equal($"127.0.0.1:{client.LocalPort} to {outer.Port}", response.Headers["x-peer"]);
    }

    [Theory]
    [InlineData("proxy_protocol: v3", "proxy_protocol")]
    [InlineData("proxy_protocol: v2, pool: { min: 1 }", "cannot be opened ahead of need with proxy_protocol")]
    public async Task Configurations_that_make_no_sense_are_refused(string cluster, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(1, cluster: cluster));

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
    }

    [ProgramFact("haproxy")]
    public async Task Haproxy_reads_both_versions()
    {
        await using var upstream = TestUpstream.Start();
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        var config = folder.Write("haproxy.cfg", $"""
            defaults
              mode http
              timeout connect 5s
              timeout client 5s
              timeout server 5s
            listen one
              bind 127.0.0.1:{port} accept-proxy
              http-request set-header x-peer "%[src]:%[src_port] to %[dst_port]"
              server a 127.0.0.1:{upstream.Port}

            """);
        await using var haproxy = await ExternalProgram.StartAsync("haproxy", ["-db", "-f", config], folder.Path, [port]);

        await CheckAsync(port, upstream);
    }

    [ProgramFact("nginx")]
    public async Task Nginx_reads_both_versions()
    {
        await using var upstream = TestUpstream.Start();
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        await using var nginx = await Nginx.StartAsync(folder, [port], $$"""
            http {
              access_log off;
              client_body_temp_path {{folder["body"]}};
              proxy_temp_path {{folder["proxy"]}};
              fastcgi_temp_path {{folder["fastcgi"]}};
              uwsgi_temp_path {{folder["uwsgi"]}};
              scgi_temp_path {{folder["scgi"]}};
              server {
                listen 127.0.0.1:{{port}} proxy_protocol;
                location / {
                  proxy_set_header x-peer "$proxy_protocol_addr:$proxy_protocol_port to $proxy_protocol_server_port";
                  proxy_pass http://127.0.0.1:{{upstream.Port}};
                }
              }
            }
            """);

        await CheckAsync(port, upstream);
    }

    private static async Task CheckAsync(int port, TestUpstream upstream)
    {
        foreach (var version in new[] { "v1", "v2" })
        {
            await using var proxy = await TestProxy.StartAsync(port, cluster: $"proxy_protocol: {version}");
            for (var i = 0; i < 2; i++)
            {
                await using var client = await proxy.ConnectAsync();
                Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
                Assert.Equal($"127.0.0.1:{client.LocalPort} to {proxy.Port}", upstream.Requests[^1].Headers["x-peer"]);
            }
        }
    }

    [Component("tell_peer")]
    private sealed class TellPeer : IResponseFilter
    {
        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            var d = exchange.Downstream;
            exchange.Response.Headers.Set("x-peer", $"{d.RemoteAddress}:{d.RemotePort} to {d.LocalPort}");
            exchange.Response.Headers.Set("x-connection", d.ConnectionId);
            return default;
        }
    }
}
