namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>A metric with all its series.</summary>
/// <param name="Info">What it is called.</param>
/// <param name="Collect">Adds one sample for each series there is now.</param>
internal sealed record MetricFamily(MetricInfo Info, Action<List<Sample>> Collect);
