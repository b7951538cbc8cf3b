using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>What is counted of services at the server.</summary>
internal sealed class ServiceMetrics(Meter meter)
{
    private readonly Counter<long> _clients = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.service.clients", "{client}", "Connections and requests to services of agents that are over, by tenant, cluster, service and what ended them.");

    private readonly Counter<long> _bytes = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.service.bytes", "By", "Bytes of connections and bodies to services of agents and back, by tenant, cluster, service and direction.");

    public void Ended(in ServiceOwner owner, string reason, long toAgent, long toClient)
    {
        KeyValuePair<string, object?> tenant = new("tenant", owner.Tenant), cluster = new("cluster", owner.Cluster), service = new("service", owner.Service);
        _clients.Add(1, [tenant, cluster, service, new("reason", reason)]);
        if (toAgent > 0)
        {
            _bytes.Add(toAgent, [tenant, cluster, service, new("direction", "to_agent")]);
        }

        if (toClient > 0)
        {
            _bytes.Add(toClient, [tenant, cluster, service, new("direction", "from_agent")]);
        }
    }
}
