using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.TcpRelay;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.Filters.TlsInspector;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>Raw TCP that is led to one agent of several: by the name asked for in TLS, or by the listener it came to.</summary>
public sealed class TunnelStreamTargetTests
{
    private const string Server =
        """
        listeners:
          tls: { address: "127.0.0.1:0", protocols: [], filters: [ { tls_inspector: {} }, { tcp_relay: { cluster: by-name } } ] }
          second: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: second } } ] }
          tunnels:
            address: "127.0.0.1:0"
            protocols: []
            filters:
              - reverse_tunnel: { credentials: { anonymous: true }, access: { rules: [ { agents: ["*:*:acme"], protocols: [tcp] } ] } }
        clusters:
          by-name:
            endpoints: { reverse_tunnel: { tenant: acme } }
            connector: { reverse_tunnel: { service: db } }
            load_balancer: { reverse_tunnel: { targets: [ { header: x-agent }, { server_name: "^([^.]+)[.]db[.]example$" }, { remote_address: true } ] } }
          second:
            endpoints: { reverse_tunnel: { tenant: acme } }
            connector: { reverse_tunnel: { service: db } }
            load_balancer: { reverse_tunnel: { targets: [ { id: n2 } ] } }
        """;

    [Fact]
    public async Task A_stream_goes_to_the_agent_of_its_name_or_of_its_listener_and_to_nobody_else()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var server = await TestProxy.StartAsync(
            Server, components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(TunnelBalancer), typeof(TcpRelayFilter), typeof(TlsInspectorFilter)]);
        await using var first = await StartAgentAsync(server, "n1", one.Port);
        await using var second = await StartAgentAsync(server, "n2", two.Port);
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await Poll.UntilAsync(() => server.LogLines.Count(line => line.Contains("has 2 endpoint", StringComparison.Ordinal)) == 2);
        foreach (var (name, service) in new[] { ("n1.db.example", one), ("n2.db.example", two) })
        {
            var hello = ClientHello.Make(name);
            using var client = await StreamUpstream.ConnectAsync(server.PortOf("tls"));
            await client.SendAsync(hello);
            using var reached = await service.AcceptAsync();
            Assert.Equal(System.Text.Encoding.ASCII.GetString(hello), await reached.HearAsync(hello.Length));
        }

        using (var client = await StreamUpstream.ConnectAsync(server.PortOf("second")))
        {
            await client.SayAsync("by listener");
            using var reached = await two.AcceptAsync();
            Assert.Equal("by listener", await reached.HearAsync(11));
        }

        using var stranger = await StreamUpstream.ConnectAsync(server.PortOf("tls"));
        await stranger.SendAsync(ClientHello.Make("n3.db.example"));
        await Assert.ThrowsAsync<SocketException>(() => stranger.HearAsync(1));
        Assert.False(one.HasPending() || two.HasPending());
        Assert.Contains(server.LogLines, line => line.Contains("No agent is there for id n3 ", StringComparison.Ordinal));
    }

    private static Task<TestProxy> StartAgentAsync(TestProxy server, string node, int service) => TunnelRig.StartAgentAsync(
        server.PortOf("tunnels"), 1, node, source: "tcp: { db: db }", clusters: $"db: {{ endpoints: [\"127.0.0.1:{service}\"] }}");
}
