using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts what sources of endpoints told that was not taken. Several of one meter count into the same.</summary>
internal sealed class DiscoveryMetrics(Meter? meter)
{
    private readonly Counter<long>? _problems = meter?.CreateCounter<long>(
        "filterproxy.upstream.discovery.problems",
        "{problem}",
        "What sources of endpoints told that was not taken, by source (a host, a file, else the cluster) and reason: failed, wrong, empty or forbidden.");

    public void Refused(string source, string reason) =>
        _problems?.Add(1, new("source", source), new KeyValuePair<string, object?>("reason", reason));
}
