namespace FilterProxy.Core.Config;

/// <summary>What is told about the proxy and its exchanges.</summary>
internal sealed record TelemetryConfig
{
    /// <summary>Numbers that are counted and fetched by a collector.</summary>
    public MetricsConfig Metrics { get; init; } = new();

    /// <summary>Traces of exchanges. Default: none are made, and trace headers pass as they are.</summary>
    public TracingConfig? Tracing { get; init; }

    /// <summary>Sends traces and metrics by OTLP. Default: nothing is sent.</summary>
    public OtlpConfig? Otlp { get; init; }

    /// <summary>Debugs single exchanges at the request of who holds a key. Default: none.</summary>
    public DebugConfig? Debug { get; init; }
}
