using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Clusters.Breaking;

namespace FilterProxy.Core.Config;

/// <summary>When no requests are sent to a cluster for a while, because it fails.</summary>
internal sealed record CircuitBreakerConfig
{
    /// <summary>
    /// What opens it, e.g. <c>error_ratio > 50% || latency(0.99) > 2s</c>. There are <c>error_ratio</c>, <c>network_error_ratio</c>,
    /// <c>status_ratio(500-599)</c>, <c>latency(quantile)</c>, <c>requests</c>, comparisons, <c>&amp;&amp;</c>, <c>||</c> and parentheses.
    /// </summary>
    public required BreakerCondition OpenWhen { get; init; }

    /// <summary>Duration it looks back. Default: 10s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Attempts in that time without which nothing is concluded. Default: 20.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MinRequests { get; init; } = 20;

    /// <summary>Duration it stays open. Default: 10s.</summary>
    public TimeSpan OpenTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests that pass then, to see; it closes when all of them succeed, and opens again when one fails. Default: 5.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int Probes { get; init; } = 5;
}
