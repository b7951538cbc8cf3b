using FilterProxy.Core.Telemetry.Tracing;

namespace FilterProxy.Core.Config;

/// <summary>Makes rules of what the configuration says about traces and debugging.</summary>
internal static class TelemetryCompiler
{
    public static TracingRules? Tracing(TracingConfig? config) => config is null ? null : new TracingRules(config.Ratio)
    {
        Errors = config.Errors,
        Parent = config.Parent switch
        {
            TraceParent.Any => TraceTrust.Anyone,
            TraceParent.None => TraceTrust.Nobody,
            _ => TraceTrust.Trusted,
        },
        Formats = config.Propagation.Aggregate(TraceFormats.None, static (all, one) => all | one switch
        {
            TracePropagation.B3 => TraceFormats.B3,
            TracePropagation.B3Multi => TraceFormats.B3Multi,
            _ => TraceFormats.W3C,
        }),
    };

    public static DebugRules? Debug(DebugConfig? config) => config is null ? null : new DebugRules(config.Header.ToLowerInvariant(), config.Key, config.MaxAge);
}
