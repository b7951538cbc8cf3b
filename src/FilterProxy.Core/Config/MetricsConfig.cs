using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core.Config;

/// <summary>Numbers that are counted and fetched by a collector.</summary>
internal sealed record MetricsConfig
{
    // Comparable, so that what is not written is equal to itself.
    private static readonly ConfigList<TimeSpan> DefaultBuckets = [.. MetricsRegistry.DefaultBounds.Select(TimeSpan.FromSeconds)];

    /// <summary>Counts exchanges and attempts. What happens rarely is counted in any case. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Number of label sets one metric may have; what has no place is counted under one whose labels all say <c>other</c>.
    /// Default: 2000.
    /// </summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxSeries { get; init; } = 2000;

    /// <summary>
    /// Upper bounds of the ranges that durations are counted in, growing. Read once, at start.
    /// Default: 1ms to 30s in fourteen steps.
    /// </summary>
    public IReadOnlyList<TimeSpan> DurationBuckets { get; init; } = DefaultBuckets;
}
