using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel;

/// <summary>A server whose listener <c>db</c> is relayed to the service <c>db</c> of agents, and what is sent through it.</summary>
internal static class StreamRig
{
    /// <param name="transport">How streams travel, and more options of the connector.</param>
    /// <param name="port">Where agents come; 0 for any.</param>
    /// <param name="handshake">How agents are answered.</param>
    /// <param name="rule">More of the rule about agents.</param>
    public static Task<TestProxy> StartServerAsync(string transport = "h2", int port = 0, string handshake = "", string rule = "") => TunnelRig.StartServerAsync(
        port,
        listeners: "db: { address: \"127.0.0.1:0\", protocols: [], filters: [ { tcp_relay: { cluster: db } } ] }",
        clusters: $$"""db: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: { reverse_tunnel: { service: db, transport: {{transport}} } } }""",
        handshake: handshake,
        rule: rule);

    /// <param name="server">Whose.</param>
    /// <param name="service">The service's port.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="work">Connections kept for streams.</param>
    /// <param name="port">The way to the server; 0 for the server's own.</param>
    /// <param name="count">Its tunnels.</param>
    public static async Task<TestProxy> StartAgentAsync(TestProxy server, int service, string name = "db", int work = 0, int port = 0, int count = 1)
    {
        var agent = await TunnelRig.StartAgentAsync(
            port == 0 ? server.PortOf("tunnels") : port,
            1,
            count: count,
            source: $"tcp: {{ {name}: db }}, work_connections: {work}",
            clusters: $"db: {{ endpoints: [\"127.0.0.1:{service}\"] }}");
        await TunnelRig.WaitForTunnelsAsync(server, count);

        // The cluster hears of its endpoint a moment after.
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("Cluster 'db' has 1 endpoint", StringComparison.Ordinal)));
        return agent;
    }

    public static Task<Socket> ConnectAsync(TestProxy server) => StreamUpstream.ConnectAsync(server.PortOf("db"));

    public static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        var buffer = new byte[1024];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
