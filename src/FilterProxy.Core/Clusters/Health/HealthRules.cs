namespace FilterProxy.Core.Clusters.Health;

/// <summary>When endpoints are probed, and what it takes to believe it.</summary>
/// <param name="Interval">Milliseconds between two probes of an endpoint.</param>
/// <param name="Jitter">Percent of the interval that is added at random.</param>
/// <param name="Timeout">The longest a probe may take.</param>
/// <param name="HealthyAfter">Probes in a row that make an unhealthy endpoint healthy.</param>
/// <param name="UnhealthyAfter">Probes in a row that make a healthy endpoint unhealthy.</param>
internal sealed record HealthRules(long Interval, int Jitter, TimeSpan Timeout, int HealthyAfter, int UnhealthyAfter);
