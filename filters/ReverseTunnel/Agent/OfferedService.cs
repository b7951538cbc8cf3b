using FilterProxy.Filters.ReverseTunnel.Handshake;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>A service of an agent's configuration, and the cluster whose health decides whether servers have it; null for none.</summary>
internal sealed record OfferedService(TunnelService Service, Cluster? Health)
{
    public bool IsHealthy
    {
        get
        {
            if (Health is null)
            {
                return true;
            }

            foreach (var endpoint in Health.Endpoints.Span)
            {
                if (endpoint.IsHealthy)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
