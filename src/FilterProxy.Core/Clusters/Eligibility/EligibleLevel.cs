namespace FilterProxy.Core.Clusters.Eligibility;

/// <summary>The endpoints of one priority that take traffic now, and their picker.</summary>
/// <param name="Priority">Their priority.</param>
/// <param name="Percent">Percent of the traffic they get.</param>
/// <param name="IsPanic">Whether the unhealthy are among them.</param>
/// <param name="IsZone">Whether only those of the preferred zone are.</param>
/// <param name="Set">The endpoints.</param>
/// <param name="Picker">Chooses among them.</param>
internal sealed record EligibleLevel(int Priority, int Percent, bool IsPanic, bool IsZone, EndpointSet Set, IEndpointPicker Picker);
