using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>What became of each configuration that was to be taken over.</summary>
internal sealed class ConfigMetrics(Meter meter)
{
    private readonly Counter<long> _reloads = meter.CreateCounter<long>(
        "filterproxy.config.reloads", "{reload}", "Configurations read after the first, by result: applied or refused.");

    public void Applied() => _reloads.Add(1, new KeyValuePair<string, object?>("result", "applied"));

    public void Refused() => _reloads.Add(1, new KeyValuePair<string, object?>("result", "refused"));
}
