using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Secret;

/// <summary>Three whole proxies: a server, an agent of the cluster <c>apps</c> with the secret services <c>ssh</c> and <c>dns</c>, and a visitor with a port for each.</summary>
internal static class VisitRig
{
    public const string Key = "a key of at least thirty-two bytes", OtherKey = "another key, but just as long as it";

    /// <param name="rule">What visitors may.</param>
    public static Task<TestProxy> StartServerAsync(string rule = "visits: ['apps/*']") => TestProxy.StartAsync(Server(rule), components: [typeof(TunnelServerFilter)]);

    public static string Server(string rule) =>
        $$"""
        listeners:
          tunnels:
            address: "127.0.0.1:0"
            protocols: []
            filters:
              - reverse_tunnel:
                  credentials: { anonymous: true }
                  access:
                    rules:
                      - { agents: ["*:apps:acme", "*:apps:other"], protocols: [tcp, udp] }
                      - { agents: ["*:people:*"], {{rule}} }
        """;

    /// <param name="server">Where the server takes agents.</param>
    /// <param name="ssh">Where the one service is.</param>
    /// <param name="dns">Where the other is.</param>
    /// <param name="agent">Who it is.</param>
    public static async Task<TestProxy> StartAgentAsync(TestProxy server, int ssh, int dns = 1, string agent = "n1:apps:acme")
    {
        var proxy = await TestProxy.StartAsync(
            $$"""
            listeners:
              tunnel:
                source:
                  reverse_tunnel:
                    address: "rc://{{agent}}@server:1"
                    services:
                      - { name: ssh, type: stcp, key: "{{Key}}", cluster: ssh }
                      - { name: dns, type: sudp, key: "{{Key}}", cluster: dns }
            clusters:
              server: { endpoints: ["127.0.0.1:{{server.PortOf("tunnels")}}"] }
              ssh: { endpoints: ["127.0.0.1:{{ssh}}"] }
              dns: { endpoints: ["127.0.0.1:{{dns}}"] }
            """,
            components: [typeof(TunnelSource)]);
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains($"{agent} has a tunnel", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        return proxy;
    }

    /// <param name="server">The port of the server, or of whoever stands before it.</param>
    /// <param name="key">What it believes to be the services' key.</param>
    /// <param name="visitor">Who it is.</param>
    /// <param name="more">More options of both ports.</param>
    public static Task<TestProxy> StartVisitorAsync(int server, string key = Key, string visitor = "laptop:people:acme", string more = "")
    {
        var options = $"server: server, visitor: '{visitor}', key: '{key}'{(more.Length > 0 ? ", " + more : "")}";
        return TestProxy.StartAsync(
            $$"""
            listeners: { ssh: { address: "127.0.0.1:0", protocols: [], filters: [ { tunnel_visit: { service: apps/ssh, {{options}} } } ] } }
            udp_listeners: { dns: { address: "127.0.0.1:0", service: { tunnel_visit: { service: apps/dns, {{options}} } } } }
            clusters: { server: { endpoints: ["127.0.0.1:{{server}}"] } }
            """,
            components: [typeof(TunnelVisitFilter), typeof(TunnelVisitService)]);
    }
}
