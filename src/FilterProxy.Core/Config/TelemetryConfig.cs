namespace FilterProxy.Core.Config;

/// <summary>What is told about the proxy and its exchanges.</summary>
internal sealed record TelemetryConfig
{
    /// <summary>Numbers that are counted and fetched by a collector.</summary>
    public MetricsConfig Metrics { get; init; } = new();
}
