using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.TcpRelay;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel;

/// <summary>Two whole proxies: a server whose cluster <c>apps</c> is the agents, and agents that serve what is at their ports.</summary>
internal static class TunnelRig
{
    /// <summary>A server: <c>web</c> takes requests, <c>tunnels</c> agents of tenant acme at their word.</summary>
    /// <param name="port">Where agents come; 0 for any.</param>
    /// <param name="listeners">More of them.</param>
    /// <param name="clusters">More of them.</param>
    /// <param name="handshake">How agents are answered.</param>
    /// <param name="connector">Options of the cluster's connector.</param>
    /// <param name="cluster">More of the cluster of agents.</param>
    /// <param name="rule">More of the rule about agents.</param>
    public static Task<TestProxy> StartServerAsync(
        int port = 0, string listeners = "", string clusters = "", string handshake = "", string connector = "", string cluster = "", string rule = "") => TestProxy.StartAsync(
        Server(port, listeners, clusters, handshake, connector, cluster, rule),
        components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(TunnelBalancer), typeof(TcpRelayFilter)]);

    /// <summary>Its configuration, with a rule that is about agents of a pattern.</summary>
    public static string Server(
        int port = 0, string listeners = "", string clusters = "", string handshake = "", string connector = "", string cluster = "", string rule = "", string agents = "*:*:acme") =>
        $$"""
        listeners:
          web: { address: "127.0.0.1:0", protocols: [http1, http2] }
          tunnels:
            address: "127.0.0.1:{{port}}"
            protocols: []
            filters:
              - reverse_tunnel:
                  handshake: { {{handshake}} }
                  credentials: { anonymous: true }
                  access: { rules: [ { agents: ["{{agents}}"], protocols: [http, grpc, ws, tcp], max_connections: 64{{(rule.Length > 0 ? ", " + rule : "")}} } ] }
          {{listeners}}
        routes: [ { name: all, cluster: apps } ]
        clusters:
          apps: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: { reverse_tunnel: { {{connector}} } }{{(cluster.Length > 0 ? ", " + cluster : "")}} }
          {{clusters}}
        """;

    /// <summary>An agent: all requests go to one port.</summary>
    /// <param name="serverPort">Where the server takes agents.</param>
    /// <param name="origin">Where requests go.</param>
    /// <param name="node">Who it is.</param>
    /// <param name="count">Its connections.</param>
    /// <param name="source">More options of its source.</param>
    /// <param name="clusters">More clusters.</param>
    /// <param name="cluster">More of the origin's cluster.</param>
    /// <param name="listener">More of its listener.</param>
    public static Task<TestProxy> StartAgentAsync(
        int serverPort, int origin, string node = "n1", int count = 1, string source = "", string clusters = "", string cluster = "", string listener = "") =>
        StartAgentAsync($"\"127.0.0.1:{serverPort}\"", origin, node, count, source, clusters, cluster, listener);

    /// <inheritdoc cref="StartAgentAsync(int, int, string, int, string, string, string, string)"/>
    public static Task<TestProxy> StartAgentAsync(
        string servers, int origin, string node = "n1", int count = 1, string source = "", string clusters = "", string cluster = "", string listener = "") => TestProxy.StartAsync(
        $$"""
        listeners:
          tunnel:
            source: { reverse_tunnel: { address: "rc://{{node}}:apps:acme@server:{{count}}"{{(source.Length > 0 ? ", " + source : "")}} } }
            {{listener}}
        routes: [ { name: all, cluster: origin } ]
        clusters:
          server: { endpoints: [{{servers}}] }
          origin: { endpoints: ["127.0.0.1:{{origin}}"]{{(cluster.Length > 0 ? ", " + cluster : "")}} }
          {{clusters}}
        """,
        components: [typeof(TunnelSource)]);

    /// <summary>Waits until a server has had so many tunnels in all.</summary>
    public static Task WaitForTunnelsAsync(TestProxy server, int count) =>
        Poll.UntilAsync(() => server.LogLines.Count(line => line.Contains("has a tunnel", StringComparison.Ordinal)) >= count, TimeSpan.FromSeconds(20));

    /// <summary>Waits until requests have an answer.</summary>
    public static Task WaitUntilReachableAsync(TestProxy server, TimeSpan? patience = null) =>
        Poll.UntilAsync(async () => (await server.SendAsync(Get())).Status == 200, patience ?? TimeSpan.FromSeconds(20));

    /// <summary>Asks again and again.</summary>
    /// <returns>The answers: <c>200</c>, or what else came.</returns>
    public static async Task<List<string>> AskAsync(TestProxy server, string request, CancellationToken stop)
    {
        var answers = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            var answer = await server.SendAsync(request);
            answers.Add(answer.Status == 200 ? "200" : answer.RawHead);
        }

        return answers;
    }

    public static string Get(string path = "/") => $"GET {path} HTTP/1.1\r\nHost: app.example\r\n\r\n";
}
