namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>telemetry</c>.</summary>
internal static class TelemetryChecks
{
    private const int MostBuckets = 40;

    public static void Run(CheckContext context) => CheckBuckets(context, context.Config.Telemetry.Metrics);

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
