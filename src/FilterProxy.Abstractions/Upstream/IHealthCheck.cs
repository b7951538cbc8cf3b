namespace FilterProxy;

/// <summary>Probes one endpoint. The engine owns schedule, jitter and thresholds.</summary>
public interface IHealthCheck
{
    /// <summary>Probes once. An exception counts as <see cref="HealthResult.Unhealthy"/>.</summary>
    ValueTask<HealthResult> ProbeAsync(UpstreamPeer peer, CancellationToken timeout);
}

/// <summary>What a probe found.</summary>
/// <param name="IsHealthy">Whether the endpoint may take traffic.</param>
/// <param name="Detail">Why not, for the operator.</param>
public readonly record struct HealthResult(bool IsHealthy, string? Detail = null)
{
    /// <summary>It may take traffic.</summary>
    public static HealthResult Healthy => new(true);

    /// <summary>It may not.</summary>
    public static HealthResult Unhealthy(string detail) => new(false, detail);
}
