using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>What is counted of datagrams and sessions.</summary>
internal sealed class UdpMetrics(Meter meter)
{
    private readonly TrafficMetrics _traffic = new(
        meter,
        "filterproxy.udp_relay",
        ("sessions", "{session}", "Sessions that have ended, by why."),
        "Sessions open now.",
        ("datagrams", "{datagram}", "Datagrams passed on, by direction."));

    private readonly Counter<long> _dropped = meter.CreateCounter<long>(
        "filterproxy.udp_relay.dropped", "{datagram}", "Datagrams dropped, by why.");

    public void Passed(int datagrams, string direction)
    {
        if (datagrams > 0)
        {
            _traffic.Passed(datagrams, direction);
        }
    }

    public void Dropped(string reason, int datagrams = 1) => _dropped.Add(datagrams, new KeyValuePair<string, object?>("reason", reason));

    public void Began() => _traffic.Began();

    public void Ended(string reason) => _traffic.Ended(reason);
}
