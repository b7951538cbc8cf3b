using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Clusters.Guarding;

/// <summary>What keeps a cluster from being overrun, and what becomes of the requests it does not take.</summary>
internal sealed class ClusterGuard
{
    private Sampler _complaints;

    /// <summary>Requests under way in the cluster.</summary>
    public RequestLimiter Requests { get; init; } = new(0, 0, TimeSpan.Zero);

    /// <summary>Finds the limit of the above by itself; null where it is written down.</summary>
    public AdaptiveLimit? Adaptive { get; init; }

    /// <summary>Retries under way in the cluster that policies asked for, and hedges.</summary>
    public RequestLimiter Retries { get; init; } = new(0, 0, TimeSpan.Zero);

    /// <summary>Requests at a time per endpoint; 0 for no limit.</summary>
    public int EndpointRequests { get; init; }

    /// <summary>Stops requests while the cluster fails; null for never.</summary>
    public CircuitBreaker? Breaker { get; init; }

    /// <summary>For requests that are not taken; null answers 503.</summary>
    public ClusterFallback? Fallback { get; init; }

    /// <summary>For routes without their own; null for the engine's two default retries.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>Counts what relays meet; requests are counted where they are.</summary>
    public LimitMetrics Limits { get; init; } = new(null);

    /// <summary>Hears of requests and relays that were not taken; null where nobody does.</summary>
    public Log? Log { get; init; }

    /// <summary>How often it hears of requests that were not repeated.</summary>
    public Sampler RetryComplaints;

    /// <summary>Says that a request or a relay was not taken: of many once in a while.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="reason">The reason code.</param>
    /// <param name="now">The heartbeat's clock.</param>
    public void Complain(string cluster, string reason, long now)
    {
        if (Log is not null && _complaints.TryTake(now, out var skipped))
        {
            Log.RequestNotTaken(cluster, reason, skipped);
        }
    }
}
