namespace FilterProxy.Filters.ReverseTunnel.Egress;

/// <summary>Which targets an agent may connect to for what comes through its tunnels.</summary>
public sealed record TunnelEgressOptions
{
    /// <summary>
    /// Targets, of which one must fit. Default: all endpoints of the clusters that the configuration names for it, wherever their discovery finds them.
    /// </summary>
    public IReadOnlyList<TunnelEgressTargetOptions> Allow { get; init; } = [];
}
