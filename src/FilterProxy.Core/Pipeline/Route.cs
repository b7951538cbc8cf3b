using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core.Pipeline;

/// <summary>A route as it runs: what happens to the requests it matches.</summary>
internal sealed class Route
{
    public required string Name { get; init; }

    /// <summary>The filters after routing: only their request phase is run from here.</summary>
    public required FilterChain Chain { get; init; }

    /// <summary>All filters of an exchange on this route, global ones first: for every phase but request_filter.</summary>
    public required FilterChain FullChain { get; init; }

    /// <summary>Where requests go; null for a route that answers itself.</summary>
    public Cluster? Cluster { get; init; }

    /// <summary>Clusters to choose from by weight; null for a single one.</summary>
    public ClusterSplit? Split { get; init; }

    /// <summary>How the path changes on its way; null for not at all.</summary>
    public PathRewrite? Rewrite { get; init; }

    /// <summary>The prefix the rewrite takes off, for X-Forwarded-Prefix; empty for none.</summary>
    public byte[] StrippedPrefix { get; init; } = [];

    /// <summary>The Host sent upstream instead of the client's; null for the cluster's rule.</summary>
    public byte[]? HostHeader { get; init; }

    /// <summary>A redirect instead of an upstream; null for none.</summary>
    public RouteRedirect? Redirect { get; init; }

    /// <summary>A fixed answer instead of an upstream; null for none.</summary>
    public RouteRespond? Respond { get; init; }

    /// <summary>The longest the whole exchange may take, in milliseconds; 0 for no limit.</summary>
    public long TotalTimeout { get; init; }

    /// <summary>The longest an exchange may stand still, in milliseconds; 0 for no limit.</summary>
    public long IdleTimeout { get; init; }

    /// <summary>Whether its requests go first or go without when there is too much to do.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Normal;

    /// <summary>Counts its exchanges; found by the first of them.</summary>
    public RouteMetrics? Metrics { get; set; }

    /// <summary>Overrides the cluster's; null for the cluster's own.</summary>
    public ClusterTimeouts? Timeouts { get; init; }

    /// <summary>Which attempts are followed by another; null for the cluster's rules.</summary>
    public RetryPolicy? Retry { get; init; }
}
