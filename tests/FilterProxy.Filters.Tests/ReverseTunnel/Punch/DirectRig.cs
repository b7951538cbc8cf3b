using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Stun;
using FilterProxy.Filters.Tests.ReverseTunnel.Secret;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>
/// Three whole proxies: a server that also tells who asks where he is seen, an agent of the cluster <c>apps</c> with the service <c>ssh</c> of type <c>xtcp</c>, and a visitor with a port for it.
/// Both ends name each other what STUN tells them alone, which is loopback.
/// </summary>
internal static class DirectRig
{
    /// <param name="rule">What visitors may.</param>
    public static Task<TestProxy> StartServerAsync(string rule = "visits: ['apps/*']") =>
        TestProxy.StartAsync(Server(rule), components: [typeof(TunnelServerFilter), typeof(StunService)]);

    public static string Server(string rule) => VisitRig.Server(rule) + """


        udp_listeners: { stun: { address: "127.0.0.1:0", service: stun } }
        """;

    /// <param name="server">Where the server takes agents.</param>
    /// <param name="ssh">Where the service is.</param>
    /// <param name="stun">The port of who tells it where it is seen.</param>
    /// <param name="direct">More of its <c>direct</c>.</param>
    public static async Task<TestProxy> StartAgentAsync(TestProxy server, int ssh, int stun, string direct = "")
    {
        var proxy = await TestProxy.StartAsync(Agent(server, ssh, stun, direct), components: [typeof(TunnelSource)]);
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("n1:apps:acme has a tunnel", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        return proxy;
    }

    public static string Agent(TestProxy server, int ssh, int stun, string direct = "") =>
        $$"""
        listeners:
          tunnel:
            source:
              reverse_tunnel:
                address: "rc://n1:apps:acme@server:1"
                services:
                  - { name: ssh, type: xtcp, key: "{{VisitRig.Key}}", cluster: ssh }
                direct: { stun: ["127.0.0.1:{{stun}}"], local_addresses: false{{(direct.Length > 0 ? ", " + direct : "")}} }
        clusters:
          server: { endpoints: ["127.0.0.1:{{server.PortOf("tunnels")}}"] }
          ssh: { endpoints: ["127.0.0.1:{{ssh}}"] }
        """;

    /// <param name="server">The port of the server, or of whoever stands before it.</param>
    /// <param name="stun">The port of who tells it where it is seen.</param>
    /// <param name="direct">More of its <c>direct</c>.</param>
    /// <param name="key">What it believes to be the service's key.</param>
    /// <param name="type">What it believes to be the service's type.</param>
    /// <param name="timeout">How long it looks for a way; long, where a slow machine is to find one.</param>
    public static Task<TestProxy> StartVisitorAsync(int server, int stun, string direct = "", string key = VisitRig.Key, string type = "xtcp", string timeout = "10s") => TestProxy.StartAsync(
        $$"""
        listeners:
          ssh:
            address: "127.0.0.1:0"
            protocols: []
            filters:
              - tunnel_visit:
                  server: server
                  visitor: laptop:people:acme
                  service: apps/ssh
                  type: {{type}}
                  key: '{{key}}'
                  direct: { stun: ["127.0.0.1:{{stun}}"], local_addresses: false, timeout: {{timeout}}{{(direct.Length > 0 ? ", " + direct : "")}} }
        clusters: { server: { endpoints: ["127.0.0.1:{{server}}"] } }
        """,
        components: [typeof(TunnelVisitFilter)]);

    /// <summary>What a proxy has counted of ways: <c>attempts path=direct reason=found</c>.</summary>
    public static long Count(TestProxy proxy, string what) => proxy.Counts.GetValueOrDefault($"filterproxy.reverse_tunnel.direct.{what}");
}
