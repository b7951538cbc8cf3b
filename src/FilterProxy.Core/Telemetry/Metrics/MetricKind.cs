namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>How a metric's values are meant.</summary>
internal enum MetricKind : byte
{
    /// <summary>A sum that only grows.</summary>
    Counter,

    /// <summary>A value that comes and goes.</summary>
    Gauge,

    /// <summary>How many measurements fell into which range.</summary>
    Histogram,
}
