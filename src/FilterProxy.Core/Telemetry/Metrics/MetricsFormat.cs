namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>How metrics are written for a collector that fetches them.</summary>
internal enum MetricsFormat
{
    /// <summary>The Prometheus text format 0.0.4.</summary>
    Prometheus,

    /// <summary>OpenMetrics 1.0, which has exemplars.</summary>
    OpenMetrics,
}
