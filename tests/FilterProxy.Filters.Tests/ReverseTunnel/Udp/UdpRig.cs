using System.Globalization;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Udp;

/// <summary>A server, and agents of the cluster <c>apps</c> whose service <c>dns</c> has a UDP port at it.</summary>
internal static class UdpRig
{
    /// <param name="udp">What its sessions are kept to.</param>
    /// <param name="handshake">How agents are answered.</param>
    public static Task<TestProxy> StartServerAsync(string udp = "", string handshake = "") => TestProxy.StartAsync(
        $$"""
        listeners:
          tunnels:
            address: "127.0.0.1:0"
            protocols: []
            filters:
              - reverse_tunnel:
                  handshake: { {{handshake}} }
                  credentials: { anonymous: true }
                  services: { port_address: 127.0.0.1, udp: { {{udp}} } }
                  access: { rules: [ { agents: ["*:*:acme"], protocols: [udp], ports: [20000-29999] } ] }
        """,
        components: [typeof(TunnelServerFilter)]);

    /// <param name="serverPort">Where the server takes agents.</param>
    /// <param name="origin">Where the service is.</param>
    /// <param name="node">Who it is.</param>
    /// <param name="cluster">More of the service's cluster.</param>
    /// <param name="service">More of the service.</param>
    public static async Task<TestProxy> StartAgentAsync(int serverPort, string origin, string node = "n1", string cluster = "", string service = "")
    {
        var agent = await TestProxy.StartAsync(
            $$"""
            listeners:
              tunnel:
                source:
                  reverse_tunnel:
                    address: "rc://{{node}}:apps:acme@server:1"
                    services: [ { name: dns, type: udp, cluster: origin{{service}} } ]
            clusters:
              server: { endpoints: ["127.0.0.1:{{serverPort}}"] }
              origin: { endpoints: [{{origin}}]{{(cluster.Length > 0 ? ", " + cluster : "")}} }
            """,
            components: [typeof(TunnelSource)]);
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("has the service", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        return agent;
    }

    public static Task<TestProxy> StartAgentAsync(TestProxy server, int origin, string node = "n1", string service = "") =>
        StartAgentAsync(server.PortOf("tunnels"), $"\"127.0.0.1:{origin}\"", node, service: service);

    /// <summary>The port the service has at the server.</summary>
    public static int PortOf(TestProxy agent)
    {
        var line = agent.LogLines.Last(line => line.Contains("the service dns at port ", StringComparison.Ordinal));
        return int.Parse(line[(line.IndexOf(" at port ", StringComparison.Ordinal) + 9)..].TrimEnd('.'), CultureInfo.InvariantCulture);
    }

    /// <summary>Asks until there is an answer: a datagram may be lost, as when no stream could be had for its session.</summary>
    public static async Task<string> AskAsync(UdpPeer client, int port, string text)
    {
        var answer = "";
        await Poll.UntilAsync(async () =>
        {
            await client.SendAsync(port, Encoding.ASCII.GetBytes(text));
            try
            {
                do
                {
                    answer = Encoding.ASCII.GetString((await client.ReceiveAsync(TimeSpan.FromMilliseconds(500))).Bytes);
                }
                while (!answer.StartsWith(text, StringComparison.Ordinal));
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }, TimeSpan.FromSeconds(20));
        return answer;
    }

    public static long Count(TestProxy proxy, string what) => proxy.Counts.GetValueOrDefault($"filterproxy.reverse_tunnel.udp.{what}");
}
