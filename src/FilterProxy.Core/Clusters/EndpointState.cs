using FilterProxy.Core.Clusters.Health;

namespace FilterProxy.Core.Clusters;

/// <summary>What the engine keeps about an endpoint besides the contract's facts. Lives as long as the endpoint.</summary>
internal sealed class EndpointState
{
    /// <summary>Since when it takes traffic, in heartbeat milliseconds; 0 for one that was there from the beginning.</summary>
    public long ServingSince;

    /// <summary>What was made of its health last.</summary>
    public bool FoundHealthy { get; set; } = true;

    /// <summary>Its health, and why.</summary>
    public EndpointHealth Health { get; set; } = new();

    /// <summary>How fast it answers, for balancers that ask.</summary>
    public readonly LatencyAverage Latency = new();

    /// <summary>That of an endpoint; made by the first that asks.</summary>
    public static EndpointState Of(Endpoint endpoint) => endpoint.State as EndpointState ?? Make(endpoint);

    private static EndpointState Make(Endpoint endpoint)
    {
        lock (endpoint)
        {
            if (endpoint.State is not EndpointState state)
            {
                endpoint.State = state = new EndpointState();
            }

            return state;
        }
    }
}
