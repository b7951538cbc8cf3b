using System.Diagnostics.Metrics;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>What is counted of datagrams through tunnels, at either end.</summary>
internal sealed class TunnelUdpMetrics(Meter meter)
{
    private readonly TrafficMetrics _traffic = new(
        meter,
        "filterproxy.reverse_tunnel.udp",
        ("sessions", "{session}", "Sessions of clients that have ended, by why."),
        "Sessions of clients open now.",
        ("datagrams", "{datagram}", "Datagrams passed on, by direction."));

    private readonly Counter<long> _dropped = meter.CreateCounter<long>(
        "filterproxy.reverse_tunnel.udp.dropped", "{datagram}", "Datagrams dropped, by why.");

    public void Passed(int datagrams, string direction)
    {
        if (datagrams > 0)
        {
            _traffic.Passed(datagrams, direction);
        }
    }

    public void Dropped(string reason, int datagrams = 1)
    {
        if (datagrams > 0)
        {
            _dropped.Add(datagrams, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public void Began() => _traffic.Began();

    public void Ended(string reason) => _traffic.Ended(reason);
}
