using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>What is counted of relays.</summary>
internal sealed class RelayMetrics(Meter meter)
{
    private readonly Counter<long> _connections = meter.CreateCounter<long>(
        "filterproxy.tcp_relay.connections", "{connection}", "Connections that were relayed, or could not be, by cluster and what ended them.");

    private readonly Counter<long> _bytes = meter.CreateCounter<long>(
        "filterproxy.tcp_relay.bytes", "By", "Bytes relayed, by cluster and direction.");

    private readonly UpDownCounter<long> _active = meter.CreateUpDownCounter<long>(
        "filterproxy.tcp_relay.active", "{connection}", "Connections being relayed now, by cluster.");

    public void Begin(Cluster cluster) => _active.Add(1, new KeyValuePair<string, object?>("cluster", cluster.Name));

    public void End(Cluster cluster, in RelayReport report)
    {
        var name = new KeyValuePair<string, object?>("cluster", cluster.Name);
        _active.Add(-1, name);
        _connections.Add(1, name, new KeyValuePair<string, object?>("reason", report.Reason));
        if (report.IsConnected)
        {
            _bytes.Add(report.ToUpstream, name, new KeyValuePair<string, object?>("direction", "to_upstream"));
            _bytes.Add(report.ToDownstream, name, new KeyValuePair<string, object?>("direction", "to_client"));
        }
    }
}
