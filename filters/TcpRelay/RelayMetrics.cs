using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>What is counted of relays, by cluster.</summary>
internal sealed class RelayMetrics(Meter meter)
{
    private readonly TrafficMetrics _traffic = new(
        meter,
        "filterproxy.tcp_relay",
        ("connections", "{connection}", "Connections that were relayed, or could not be, by cluster and what ended them."),
        "Connections being relayed now, by cluster.",
        ("bytes", "By", "Bytes relayed, by cluster and direction."));

    public void Begin(Cluster cluster) => _traffic.Began(TagOf(cluster));

    public void End(Cluster cluster, in RelayReport report)
    {
        var tag = TagOf(cluster);
        if (report.IsConnected)
        {
            _traffic.Passed(report.ToUpstream, "to_upstream", tag);
            _traffic.Passed(report.ToDownstream, "to_client", tag);
        }

        // Last: who sees that it has ended sees what it carried.
        _traffic.Ended(report.Reason, tag);
    }

    private static KeyValuePair<string, object?> TagOf(Cluster cluster) => new("cluster", cluster.Name);
}
