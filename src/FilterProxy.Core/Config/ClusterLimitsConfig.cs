using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>How much a cluster may have at a time, exactly. Over it requests wait or get 503. 0 is no limit.</summary>
internal sealed record ClusterLimitsConfig
{
    /// <summary>Requests under way in the cluster. Default: 16384.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxRequests { get; init; } = 16384;

    /// <summary>Requests under way on one endpoint; over it another is chosen, else 503. Default: 0.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxRequestsPerEndpoint { get; init; }

    /// <summary>
    /// Requests that wait, for a place among <c>max_requests</c> and, per endpoint, for one of <c>pool.max</c> connections; over it 503.
    /// 0 lets none wait. Default: 1024.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxPending { get; init; } = 1024;

    /// <summary>Duration a request waits for a place among <c>max_requests</c>; over it 503. Default: 5s.</summary>
    public TimeSpan PendingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Retries under way that policies asked for, and hedges; over it the first answer stands. Default: 1024.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxRetries { get; init; } = 1024;

    /// <summary>Connections of HTTP/1 open to all endpoints together; over it an idle one is closed, else 503. Default: 16384.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxConnections { get; init; } = 16384;

    /// <summary>Finds <c>max_requests</c> by itself, from how response times change with the load. Default: off.</summary>
    public AdaptiveLimitConfig? Adaptive { get; init; }
}
