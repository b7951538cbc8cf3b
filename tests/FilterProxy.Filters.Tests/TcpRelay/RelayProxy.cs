using FilterProxy.Filters.AccessLog;
using FilterProxy.Filters.ConnectionGuard;
using FilterProxy.Filters.IpAccess;
using FilterProxy.Filters.ProtocolSniffer;
using FilterProxy.Filters.TcpRelay;
using FilterProxy.Filters.TlsInspector;
using FilterProxy.TestKit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Proxies whose listener has the connection filters of the test.</summary>
internal static class RelayProxy
{
    public static readonly Type[] Components =
    [
        typeof(TcpRelayFilter), typeof(TlsInspectorFilter), typeof(ProtocolSnifferFilter), typeof(ConnectionLimitFilter), typeof(ConnectionRateFilter),
        typeof(ConnectionRbacFilter), typeof(IpAccessFilter), typeof(ConnectionLogFilter),
    ];

    /// <summary>All connections go to one upstream.</summary>
    /// <param name="port">Its port.</param>
    /// <param name="options">More options of <c>tcp_relay</c>.</param>
    /// <param name="cluster">More of the cluster.</param>
    /// <param name="before">Filters before the relay, each with a comma behind it.</param>
    /// <param name="io">The listener's.</param>
    public static Task<TestProxy> StartAsync(int port, string options = "", string cluster = "", string before = "", string io = "auto") => StartAsync(
        Text(port, options, cluster, before, io));

    public static string Text(int port, string options = "", string cluster = "", string before = "", string io = "auto") =>
        $$"""
        listeners:
          web:
            address: 127.0.0.1:0
            protocols: []
            io: {{io}}
            filters: [ {{before}} { tcp_relay: { cluster: origin{{(options.Length > 0 ? ", " + options : "")}} } } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"]{{(cluster.Length > 0 ? ", " + cluster : "")}} } }
        """;

    public static Task<TestProxy> StartAsync(string yaml) => TestProxy.StartAsync(yaml, components: Components);

    /// <summary>How many relays ended for a reason.</summary>
    public static long Ended(this TestProxy proxy, string reason, string cluster = "origin") =>
        proxy.Counts.GetValueOrDefault($"filterproxy.tcp_relay.connections cluster={cluster} reason={reason}");
}
