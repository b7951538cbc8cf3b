using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>What is counted of datagrams and sessions.</summary>
internal sealed class UdpMetrics(Meter meter)
{
    private readonly Counter<long> _datagrams = meter.CreateCounter<long>(
        "filterproxy.udp_relay.datagrams", "{datagram}", "Datagrams passed on, by direction.");

    private readonly Counter<long> _dropped = meter.CreateCounter<long>(
        "filterproxy.udp_relay.dropped", "{datagram}", "Datagrams dropped, by why.");

    private readonly Counter<long> _sessions = meter.CreateCounter<long>(
        "filterproxy.udp_relay.sessions", "{session}", "Sessions that have ended, by why.");

    private readonly UpDownCounter<long> _active = meter.CreateUpDownCounter<long>(
        "filterproxy.udp_relay.active", "{session}", "Sessions open now.");

    public void Passed(string direction) => _datagrams.Add(1, new KeyValuePair<string, object?>("direction", direction));

    public void Dropped(string reason) => _dropped.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Began() => _active.Add(1);

    public void Ended(string reason)
    {
        _active.Add(-1);
        _sessions.Add(1, new KeyValuePair<string, object?>("reason", reason));
    }
}
