using FilterProxy.Filters.ProxyProtocol;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

/// <summary>Headers as haproxy really sends them.</summary>
public sealed class RealSenderTests
{
    [ProgramFact("haproxy")]
    public async Task Headers_of_haproxy_are_read_in_both_versions_and_its_health_checks_served()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port);
        using var folder = new ScratchFolder();
        int[] ports = [ExternalProgram.FreePort(), ExternalProgram.FreePort()];
        var config = folder.Write("haproxy.cfg", $"""
            defaults
              mode tcp
              timeout connect 5s
              timeout client 5s
              timeout server 5s
              timeout check 5s
            listen one
              bind 127.0.0.1:{ports[0]}
              server a 127.0.0.1:{proxy.Port} send-proxy
            listen two
              bind 127.0.0.1:{ports[1]}
              option httpchk GET /health
              server a 127.0.0.1:{proxy.Port} send-proxy-v2 proxy-v2-options crc32c,unique-id check check-send-proxy inter 200ms

            """);
        await using var haproxy = await ExternalProgram.StartAsync("haproxy", ["-db", "-f", config], folder.Path, ports);

        foreach (var port in ports)
        {
            await using var client = await RawClient.ConnectAsync(port);
            var response = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal($"127.0.0.1:{client.LocalPort} to {port}", response.Headers["x-client"]);
        }

        await Poll.UntilAsync(() => proxy.Counts.GetValueOrDefault("filterproxy.proxy_protocol.connections outcome=local") > 0);
        await Poll.UntilAsync(() => upstream.Requests.Any(r => r.Target == "/health"));
        Assert.DoesNotContain(proxy.Counts.Keys, k => k.Contains("malformed", StringComparison.Ordinal));
    }

    private static Task<TestProxy> StartAsync(int upstream) => TestProxy.StartAsync(
        $$"""
        listeners: { web: { address: "127.0.0.1:0", filters: [ { proxy_protocol: { trusted: [127.0.0.0/8] } } ] } }
        routes: [ { name: all, cluster: origin, filters: [ tell_client ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream}}"] } }
        """,
        components: [typeof(ProxyProtocolFilter), typeof(TellClient)]);

    [Component("tell_client")]
    private sealed class TellClient : IResponseFilter
    {
        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            var d = exchange.Downstream;
            exchange.Response.Headers.Set("x-client", $"{d.RemoteAddress}:{d.RemotePort} to {d.LocalPort}");
            return default;
        }
    }
}
