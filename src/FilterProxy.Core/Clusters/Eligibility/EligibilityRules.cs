namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>Which endpoints of a cluster take traffic, whatever balancer picks among them.</summary>
internal sealed record EligibilityRules
{
    public static readonly EligibilityRules Default = new();

    /// <summary>
    /// Percent of a priority's endpoints that must be healthy; below it, when no other priority can stand in, health is not asked any
    /// more: so many failures at once are more likely the check's. 0 never does that.
    /// </summary>
    public int PanicThreshold { get; init; } = 10;

    /// <summary>Prefers the endpoints of one zone; null for no preference.</summary>
    public ZoneRule? Zone { get; init; }

    /// <summary>Lets a request choose among groups of endpoints; null for no groups.</summary>
    public SubsetRule? Subset { get; init; }

    /// <summary>Gives an endpoint that is new, or healthy again, its share little by little; null for at once.</summary>
    public SlowStart? SlowStart { get; init; }
}

/// <summary>A preference for endpoints whose label says that they are near.</summary>
/// <param name="Label">The label's name.</param>
/// <param name="Local">Its value here.</param>
/// <param name="MinHealthy">Percent of the near ones that must be healthy; with less the others take part.</param>
internal sealed record ZoneRule(string Label, string Local, int MinHealthy)
{
    public bool IsLocal(Endpoint endpoint) => endpoint.Labels.TryGetValue(Label, out var zone) && zone == Local;
}
