using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>One of a route's clusters and its share.</summary>
internal sealed record WeightedClusterConfig
{
    /// <summary>The cluster's name.</summary>
    public required string Cluster { get; init; }

    /// <summary>Its share relative to the others; 0 takes none. Default: 1.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int Weight { get; init; } = 1;

    /// <summary>
    /// Requests that go here whatever the weights are: templates and the values that all of them must have, e.g.
    /// <c>{ "%REQ(x-canary)%": "1" }</c>, <c>%COOKIE(beta)%</c> or <c>%CLAIM(plan)%</c>. The first cluster that fits has it. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, string> When { get; init; } = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;
}
