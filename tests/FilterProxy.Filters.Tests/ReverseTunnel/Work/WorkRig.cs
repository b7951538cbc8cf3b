using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>A server whose requests travel over work connections, and agents that keep some.</summary>
internal static class WorkRig
{
    /// <param name="connector">More options of the cluster's connector.</param>
    /// <param name="cluster">More of the cluster of agents.</param>
    /// <param name="rule">More of the rule about agents.</param>
    /// <param name="handshake">How agents are answered.</param>
    public static Task<TestProxy> StartServerAsync(string connector = "", string cluster = "", string rule = "", string handshake = "") =>
        TunnelRig.StartServerAsync(connector: "transport: work" + (connector.Length > 0 ? ", " + connector : ""), cluster: cluster, rule: rule, handshake: handshake);

    /// <summary>Starts an agent and waits until it is an endpoint.</summary>
    /// <param name="server">Whose.</param>
    /// <param name="origin">Where requests go.</param>
    /// <param name="node">Who it is.</param>
    /// <param name="work">Connections it keeps idle.</param>
    /// <param name="port">The way to the server; 0 for the server's own.</param>
    /// <param name="cluster">More of the origin's cluster.</param>
    public static async Task<TestProxy> StartAgentAsync(TestProxy server, int origin, string node = "n1", int work = 2, int port = 0, string cluster = "")
    {
        var before = EndpointsOf(server);
        var agent = await TunnelRig.StartAgentAsync(port == 0 ? server.PortOf("tunnels") : port, origin, node, source: $"work_connections: {work}", cluster: cluster);

        // The cluster hears of its endpoint a moment after.
        await Poll.UntilAsync(() => EndpointsOf(server) > before, TimeSpan.FromSeconds(20));
        return agent;
    }

    /// <summary>Work connections a server has had.</summary>
    public static int OpenedAt(TestProxy server) => server.LogLines.Count(line => line.Contains("has opened a work connection", StringComparison.Ordinal));

    private static int EndpointsOf(TestProxy server) => server.LogLines.Count(line => line.Contains("Cluster 'apps' has ", StringComparison.Ordinal));
}
