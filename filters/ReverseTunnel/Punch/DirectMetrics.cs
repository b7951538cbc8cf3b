using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>What is counted of `xtcp` services, at either end.</summary>
internal sealed class DirectMetrics(Meter meter)
{
    private readonly Counter<long> _attempts = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.direct.attempts", "{attempt}", "Connections for which a direct way was looked for, by path (direct, relayed) and why.");

    private readonly UpDownCounter<long> _active = meter.CreateUpDownCounter<long>(
        "filterproxy.reverse_tunnel.direct.active", "{connection}", "Connections of xtcp services open now, by path.");

    private readonly Counter<long> _bytes = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.direct.bytes", "By", "Bytes of connections of xtcp services that are over, by path and direction.");

    public void Tried(bool isDirect, string reason) => _attempts.Add(1, Path(isDirect), new KeyValuePair<string, object?>("reason", reason));

    public void Began(bool isDirect) => _active.Add(1, Path(isDirect));

    public void Ended(bool isDirect, long toAgent, long fromAgent)
    {
        _active.Add(-1, Path(isDirect));
        _bytes.Add(toAgent, Path(isDirect), new KeyValuePair<string, object?>("direction", "to_agent"));
        _bytes.Add(fromAgent, Path(isDirect), new KeyValuePair<string, object?>("direction", "from_agent"));
    }

    private static KeyValuePair<string, object?> Path(bool isDirect) => new("path", isDirect ? "direct" : "relayed");
}
