using System.Net;

namespace FilterProxy.Filters.Datagrams;

/// <summary>Which endpoint of a cluster a session goes to: the same rules as for others, but an endpoint nobody was at a moment ago comes last.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="time">The clock.</param>
/// <param name="allows">Says which addresses may be had; null for all.</param>
internal sealed class EndpointChoice(Cluster cluster, TimeProvider time, Predicate<EndPoint>? allows = null)
{
    private static readonly TimeSpan Avoided = TimeSpan.FromSeconds(5);

    // Clusters may stand in for each other in a circle.
    private const int MostStandIns = 4;
    private readonly Lock _lock = new();
    private readonly Dictionary<Endpoint, long> _avoided = [];

    /// <summary>An endpoint of the cluster, else of those that stand in for it; null for none.</summary>
    /// <param name="client">The client's address, the key of a balancer that hashes; null for none.</param>
    public Endpoint? Choose(IPAddress? client)
    {
        var denied = Denied();
        var context = new PickContext(Key: client is null ? 0 : StableKey(client), Tried: [.. ToAvoid(), .. denied]);
        Cluster? at = cluster;
        for (var handedOn = 0; at is not null && handedOn <= MostStandIns; handedOn++)
        {
            if (at.Pick(context) is { } peer)
            {
                return peer.Endpoint;
            }

            at = at.StandIn;
        }

        // Rather one nobody was at a moment ago than none.
        return cluster.Pick(context with { Tried = denied.Count == 0 ? null : denied })?.Endpoint;
    }

    /// <summary>Nobody is at an endpoint, as ICMP told: new sessions go elsewhere for a while, where there is an elsewhere.</summary>
    public void Avoid(Endpoint endpoint)
    {
        endpoint.Observe(new Outcome(0, ProxyErrorKind.ConnectFailed, TimeSpan.Zero));
        lock (_lock)
        {
            _avoided[endpoint] = time.GetTimestamp();
        }
    }

    private List<Endpoint> Denied()
    {
        var denied = new List<Endpoint>();
        Cluster? at = allows is null ? null : cluster;
        for (var handedOn = 0; at is not null && handedOn <= MostStandIns; handedOn++)
        {
            foreach (var endpoint in at.Endpoints.Span)
            {
                if (!allows!(endpoint.Address))
                {
                    denied.Add(endpoint);
                }
            }

            at = at.StandIn;
        }

        return denied;
    }

    private List<Endpoint> ToAvoid()
    {
        lock (_lock)
        {
            foreach (var (endpoint, since) in _avoided)
            {
                if (time.GetElapsedTime(since) > Avoided)
                {
                    _avoided.Remove(endpoint);
                }
            }

            return [.. _avoided.Keys];
        }
    }

    // FNV-1a: the same in every process, so that several proxies agree.
    private static ulong StableKey(IPAddress address)
    {
        var hash = 14_695_981_039_346_656_037;
        foreach (var b in address.GetAddressBytes())
        {
            hash = (hash ^ b) * 1_099_511_628_211;
        }

        return hash == 0 ? 1 : hash;
    }
}
