using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.TlsInspector;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>Two whole proxies: a server that makes services of tenant acme reachable, and agents that have some.</summary>
internal static class ServicesRig
{
    /// <summary>A server: <c>web</c> takes requests, <c>tls</c> what is passed through, and <c>tunnels</c> agents at their word.</summary>
    /// <param name="services">More of how services are made reachable.</param>
    public static Task<TestProxy> StartServerAsync(string services = "") => TestProxy.StartAsync(
        ServerConfig(services: services),
        components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(TunnelServicesFilter), typeof(TunnelTlsFilter), typeof(TlsInspectorFilter)]);

    /// <param name="port">Where agents come; 0 for any.</param>
    /// <param name="rules">Rules that come first.</param>
    /// <param name="services">More of how services are made reachable.</param>
    public static string ServerConfig(int port = 0, string rules = "", string services = "") =>
        $$"""
        listeners:
          web: { address: "127.0.0.1:0", protocols: [http1, http2] }
          tls: { address: "127.0.0.1:0", protocols: [], filters: [ { tls_inspector: {} }, { tunnel_services: {} } ] }
          tunnels:
            address: "127.0.0.1:{{port}}"
            protocols: []
            filters:
              - reverse_tunnel:
                  credentials: { anonymous: true }
                  services: { subdomain_host: tunnels.example, port_address: 127.0.0.1{{(services.Length > 0 ? ", " + services : "")}} }
                  access: { rules: [ {{rules}}{ agents: ["*:*:acme"], protocols: [http, tcp], hosts: ["*"], ports: [20000-29999] } ] }
        routes: [ { name: all, cluster: agents, filters: [ { tunnel_services: {} } ] } ]
        clusters:
          agents: { endpoints: { reverse_tunnel: { tenant: acme } }, connector: { reverse_tunnel: {} } }
        """;

    /// <summary>An agent that is connected, and whose services are registered.</summary>
    public static async Task<TestProxy> StartAgentAsync(TestProxy server, string node, string cluster, string origin, string services, int work = 0)
    {
        var agent = await StartAgentAsync(AgentConfig(server.PortOf("tunnels").ToString(CultureInfo.InvariantCulture), node, cluster, origin, services, work: work));
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("has the service", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        await WaitForEndpointAsync(server, $"{node}:{cluster}:acme");
        return agent;
    }

    public static Task<TestProxy> StartAgentAsync(string config) => TestProxy.StartAsync(config, components: [typeof(TunnelSource)]);

    /// <param name="port">Where the server takes agents.</param>
    /// <param name="node">Who it is.</param>
    /// <param name="cluster">Its cluster.</param>
    /// <param name="origin">The one endpoint of its cluster <c>origin</c>, to which all its requests go.</param>
    /// <param name="services">Its services.</param>
    /// <param name="more">More of the cluster <c>origin</c>.</param>
    /// <param name="work">Work connections it keeps idle.</param>
    public static string AgentConfig(string port, string node, string cluster, string origin, string services, string more = "", int work = 0) =>
        $$"""
        listeners:
          tunnel: { source: { reverse_tunnel: { address: "rc://{{node}}:{{cluster}}:acme@server:1", work_connections: {{work}}, services: [ {{services}} ] } } }
        routes: [ { name: all, cluster: origin } ]
        clusters:
          server: { endpoints: ["127.0.0.1:{{port}}"] }
          origin: { endpoints: ["{{origin}}"]{{(more.Length > 0 ? ", " + more : "")}} }
        """;

    /// <summary>Waits until an agent is an endpoint of the server's cluster.</summary>
    public static async Task WaitForEndpointAsync(TestProxy server, string agent)
    {
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains($"{agent} has a tunnel", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));

        // The cluster hears of its endpoint a moment after.
        var agents = server.LogLines.Count(line => line.Contains("has a tunnel", StringComparison.Ordinal));
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains($"Cluster 'agents' has {agents} endpoint", StringComparison.Ordinal)));
    }

    /// <summary>The port the server has given a service of an agent, as the agent tells it.</summary>
    public static int PortOf(TestProxy agent, string service)
    {
        var before = $"the service {service} at port ";
        var line = agent.LogLines.First(line => line.Contains(before, StringComparison.Ordinal));
        return int.Parse(line[(line.IndexOf(before, StringComparison.Ordinal) + before.Length)..].TrimEnd('.'), CultureInfo.InvariantCulture);
    }
}
