using FilterProxy.Core.Clusters.Eligibility;

namespace FilterProxy.Core.Config;

/// <summary>Groups of a cluster's endpoints, told by labels, of which a request names one.</summary>
internal sealed record SubsetConfig
{
    /// <summary>The labels that make the groups. A group is called by their values, with <c>/</c> between them.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>The name of a request's group, e.g. <c>%REQ(x-version)%</c>.</summary>
    public required Template Key { get; init; }

    /// <summary>What a request gets that names no group, or one there is not: <c>any</c> endpoint or <c>none</c> (503). Default: any.</summary>
    public SubsetFallback Fallback { get; init; }
}
