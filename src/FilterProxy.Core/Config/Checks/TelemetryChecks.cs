namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>telemetry</c>.</summary>
internal static class TelemetryChecks
{
    private const int MostBuckets = 40;

    public static void Run(CheckContext context)
    {
        var telemetry = context.Config.Telemetry;
        CheckBuckets(context, telemetry.Metrics);
        if (telemetry.Otlp is { } otlp)
        {
            CheckOtlp(context, otlp);
        }

        if (telemetry.Debug is { } debug)
        {
            CheckDebug(context, debug);
        }
    }

    private static void CheckOtlp(CheckContext context, OtlpConfig otlp)
    {
        ConfigChecks.CheckDurations(context, otlp);
        if (context.IsBound(otlp, nameof(otlp.Endpoint)) && (otlp.Endpoint.Scheme is not ("http" or "https") || otlp.Endpoint.UserInfo.Length > 0))
        {
            context.Refuse(otlp, nameof(otlp.Endpoint), "must be an http or https URL without a user", "credentials go to headers");
        }

        if (otlp.MetricsInterval < TimeSpan.FromSeconds(1))
        {
            context.Refuse(otlp, nameof(otlp.MetricsInterval), "metrics_interval must be at least 1s");
        }

        if (otlp.TracesInterval < TimeSpan.FromMilliseconds(100))
        {
            context.Refuse(otlp, nameof(otlp.TracesInterval), "traces_interval must be at least 100ms");
        }

        if (otlp.Timeout <= TimeSpan.Zero)
        {
            context.Refuse(otlp, nameof(otlp.Timeout), "timeout must be longer than 0");
        }

        foreach (var (name, value) in otlp.Headers)
        {
            if (!HttpText.IsToken(name) || !HttpText.IsValue(value) || value.AsSpan().ContainsAny(',', '='))
            {
                // The exporter takes them as one text, "name=value,name=value".
                context.Refuse(otlp, nameof(otlp.Headers), $"'{name}' cannot be sent: a header needs a valid name, and a value without comma and equals sign");
            }
        }
    }

    private static void CheckDebug(CheckContext context, DebugConfig debug)
    {
        ConfigChecks.CheckDurations(context, debug);
        if (context.IsBound(debug, nameof(debug.Key)) && debug.Key.Length < 16)
        {
            context.Refuse(debug, nameof(debug.Key), "key must have 16 characters or more", "openssl rand -hex 32 makes one");
        }

        if (!HttpText.IsToken(debug.Header))
        {
            context.Refuse(debug, nameof(debug.Header), "this cannot be the name of a header");
        }
    }

    private static void CheckBuckets(CheckContext context, MetricsConfig metrics)
    {
        var bounds = metrics.DurationBuckets;
        if (!context.IsBound(metrics, nameof(metrics.DurationBuckets)))
        {
            return;
        }

        if (bounds.Count is 0 or > MostBuckets || bounds[0] <= TimeSpan.Zero || bounds.Zip(bounds.Skip(1)).Any(pair => pair.First >= pair.Second))
        {
            context.Refuse(metrics, nameof(metrics.DurationBuckets), $"must be 1 to {MostBuckets} durations, each longer than the one before", "like [1ms, 10ms, 100ms, 1s]");
        }
    }
}
