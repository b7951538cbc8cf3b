using System.Diagnostics.Metrics;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>What is counted of tunnels at the server.</summary>
internal sealed class TunnelMetrics(Meter meter)
{
    private readonly UpDownCounter<long> _connections = meter.CreateUpDownCounter<long>(
        "filterproxy.reverse_tunnel.connections", "{connection}", "Connections of agents open now, by tenant and cluster.");

    private readonly Counter<long> _ended = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.ended", "{connection}", "Connections of agents that have ended, by tenant, cluster and what ended them.");

    private readonly Counter<long> _streams = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.streams", "{stream}", "Streams that connections have had, counted when a connection ends, by tenant and cluster.");

    private readonly Counter<long> _bytes = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.bytes", "By", "Bytes that connections have carried, counted when a connection ends, by tenant, cluster and direction.");

    public void Begin(TunnelIdentity identity) => _connections.Add(1, Tenant(identity), Cluster(identity));

    public void End(TunnelIdentity identity, string reason, AgentConnection tunnel)
    {
        var (tenant, cluster) = (Tenant(identity), Cluster(identity));
        _connections.Add(-1, tenant, cluster);
        _ended.Add(1, tenant, cluster, new KeyValuePair<string, object?>("reason", reason));
        _streams.Add(tunnel.Served, tenant, cluster);
        _bytes.Add(tunnel.BytesSent, tenant, cluster, new KeyValuePair<string, object?>("direction", "to_agent"));
        _bytes.Add(tunnel.BytesReceived, tenant, cluster, new KeyValuePair<string, object?>("direction", "from_agent"));
    }

    private static KeyValuePair<string, object?> Tenant(TunnelIdentity identity) => new("tenant", identity.Tenant);

    private static KeyValuePair<string, object?> Cluster(TunnelIdentity identity) => new("cluster", identity.Cluster);
}
