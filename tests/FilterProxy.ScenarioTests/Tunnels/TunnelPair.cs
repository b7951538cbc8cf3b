using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Tunnels;

/// <summary>A server of tunnels and an agent with an origin behind it: two whole proxies, with the plugin as it is built.</summary>
internal sealed class TunnelPair : IAsyncDisposable
{
    private readonly TestProxy _agent;

    private TunnelPair(TestProxy server, TestProxy agent) => (Server, _agent) = (server, agent);

    public TestProxy Server { get; }

    /// <param name="origin">The port of 127.0.0.1 that the agent's requests go to.</param>
    /// <param name="cluster">More of the cluster it is.</param>
    public static async Task<TunnelPair> StartAsync(int origin, string cluster = "")
    {
        var plugins = $"plugins: [ReverseTunnel]\nplugin_path: {Path.Combine(Path.GetDirectoryName(Repository.ProxyExecutable)!, "plugins")}";
        var server = await TestProxy.StartAsync(
            $$"""
            listeners:
              web: { address: "127.0.0.1:0", protocols: [http1, http2] }
              tunnels:
                address: "127.0.0.1:0"
                protocols: []
                filters: [ { reverse_tunnel: { credentials: { anonymous: true }, access: { rules: [ { agents: ["*:*:acme"], protocols: [http, grpc, ws] } ] } } } ]
            routes: [ { name: all, cluster: apps } ]
            clusters: { apps: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: reverse_tunnel } }
            {{plugins}}
            """);
        var agent = await TestProxy.StartAsync(
            $$"""
            listeners: { tunnel: { source: { reverse_tunnel: { address: "rc://n1:apps:acme@server:2" } } } }
            routes: [ { name: all, cluster: origin } ]
            clusters:
              server: { endpoints: ["127.0.0.1:{{server.PortOf("tunnels")}}"] }
              origin: { endpoints: ["127.0.0.1:{{origin}}"]{{(cluster.Length > 0 ? ", " + cluster : "")}} }
            {{plugins}}
            """);
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("Cluster 'apps' has 1 endpoint", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        return new TunnelPair(server, agent);
    }

    public async ValueTask DisposeAsync()
    {
        await _agent.DisposeAsync();
        await Server.DisposeAsync();
    }
}
