using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>The addresses of endpoints that are written as names: looked up beside the traffic, never in its way.</summary>
internal sealed class EndpointNames
{
    private const double KeepSeconds = 30;
    private readonly Lock _lock = new();
    private readonly Dictionary<DnsEndPoint, (IPEndPoint? Address, double Until)> _known = [];

    /// <summary>Where an endpoint is; null while nobody knows yet.</summary>
    public IPEndPoint? Find(EndPoint address, double now)
    {
        if (address is not DnsEndPoint name)
        {
            return address as IPEndPoint;
        }

        lock (_lock)
        {
            var (known, until) = _known.GetValueOrDefault(name);
            if (now >= until)
            {
                // The old address serves until there is a new one.
                _known[name] = (known, now + KeepSeconds);
                _ = ResolveAsync(name);
            }

            return known;
        }
    }

    private async Task ResolveAsync(DnsEndPoint name)
    {
        await Task.Yield();
        IPEndPoint? found = null;
        try
        {
            found = await Dns.GetHostAddressesAsync(name.Host) is [var first, ..] ? new IPEndPoint(first, name.Port) : null;
        }
        catch (SocketException)
        {
            // No such name now; it is asked for again with the next datagram.
        }

        lock (_lock)
        {
            _known[name] = found is null ? (_known[name].Address, 0) : (found, _known[name].Until);
        }
    }
}
