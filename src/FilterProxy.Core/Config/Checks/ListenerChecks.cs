using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Config.Addresses;

namespace FilterProxy.Core.Config.Checks;

/// <summary>Checks of <c>listeners</c>.</summary>
internal static class ListenerChecks
{
    public static void Run(CheckContext context)
    {
        var config = context.Config;
        if (config.Listeners.Count + config.UdpListeners.Count == 0 && context.IsBound(config, nameof(config.Listeners)))
        {
            context.Refuse(config, nameof(config.Listeners), "the configuration has no listeners", "listeners: { web: { address: 0.0.0.0:8080 } }");
        }

        var taken = new List<Taken>();
        foreach (var (name, listener) in config.Listeners)
        {
            NameChecks.Check(context, nameof(config.Listeners), "listener", name);
            CheckPlace(context, name, listener, taken);

            if (listener.Protocols.Count == 0 && !listener.Filters.Any(f => !f.Off && f.Name != "tls") && context.IsBound(listener, nameof(listener.Protocols)))
            {
                // Without one, filters take its connections; TLS alone takes none.
                context.Refuse(listener, nameof(listener.Protocols), "a listener needs at least one protocol", "http1 is the default");
            }

            context.CheckComponents(listener.Filters, defaults: null);
            if (listener.Limits is { } limits)
            {
                HttpChecks.CheckLimits(context, limits);
            }

            if (listener.Forwarding is { } forwarding)
            {
                HttpChecks.CheckForwarding(context, forwarding);
            }

            if (listener.Http2 is { } http2)
            {
                HttpChecks.CheckHttp2(context, http2);
            }
        }

        if (config.Admin is { } admin && context.IsBound(admin, nameof(admin.Address)))
        {
            CheckAddress(context, new Taken("the admin listener", admin, nameof(admin.Address), admin.Address), taken);
        }
    }

    private static void CheckPlace(CheckContext context, string name, ListenerConfig listener, List<Taken> taken)
    {
        if (listener.Source is not null || context.IsWritten(listener, nameof(listener.Source)))
        {
            foreach (var property in new[] { nameof(listener.Address), nameof(listener.Protocols), nameof(listener.Io) })
            {
                if (context.IsWritten(listener, property))
                {
                    context.Refuse(listener, property, $"a listener with a source has no {property.ToLowerInvariant()}: its connections are the source's, and speak HTTP/2");
                }
            }
        }
        else if (listener.Address is { } address && context.IsBound(listener, nameof(listener.Address)))
        {
            CheckAddress(context, new Taken($"listener '{name}'", listener, nameof(listener.Address), address), taken);
        }
        else if (!context.IsWritten(listener, nameof(listener.Address)))
        {
            context.RefuseWhole(listener, $"missing option 'address' of listeners.{name}");
        }
        else if (context.IsBound(listener, nameof(listener.Address)))
        {
            // Written, with nothing behind it: a file that was cut short.
            context.Refuse(listener, nameof(listener.Address), "expected a text, got nothing");
        }
    }

    private static void CheckAddress(CheckContext context, Taken one, List<Taken> taken)
    {
        if (!ListenAddress.TryParse(one.Address, out var endPoint, out var error))
        {
            context.Refuse(one.Owner, one.Property, error);
        }
        else if (taken.Find(other => Overlap(other.EndPoint!, endPoint)) is { } first)
        {
            context.Refuse(
                one.Owner,
                one.Property,
                first.EndPoint!.Equals(endPoint)
                    ? $"{first.Name} already has the address {one.Address}"
                    : $"{first.Name} already listens on {first.Address}, which overlaps with {one.Address}",
                $"first at {context.Places.Locate(first.Owner, first.Property)}");
        }
        else
        {
            taken.Add(one with { EndPoint = endPoint });
        }
    }

    // The operating system gives an address to one socket: 0.0.0.0 is every IPv4 address, [::] every address of both kinds, and
    // localhost both loopback addresses. Port 0 is a port nobody else has.
    private static bool Overlap(EndPoint one, EndPoint other)
    {
        if (one is UnixDomainSocketEndPoint || other is UnixDomainSocketEndPoint)
        {
            return one.Equals(other);
        }

        var (addresses, port) = Expand(one);
        var (others, otherPort) = Expand(other);
        return port != 0 && port == otherPort && addresses.Any(a => others.Any(b => a.Equals(b) || Covers(a, b) || Covers(b, a)));
    }

    private static bool Covers(IPAddress wide, IPAddress narrow) =>
        wide.Equals(IPAddress.IPv6Any) || (wide.Equals(IPAddress.Any) && narrow.AddressFamily == AddressFamily.InterNetwork);

    private static (IPAddress[] Addresses, int Port) Expand(EndPoint endPoint) => endPoint switch
    {
        IPEndPoint ip => ([ip.Address], ip.Port),
        DnsEndPoint local => ([IPAddress.Loopback, IPAddress.IPv6Loopback], local.Port),
        _ => ([], 0),
    };

    /// <param name="Name">What messages call who has it.</param>
    /// <param name="Owner">The record it is written in.</param>
    /// <param name="Property">The property it is written as.</param>
    /// <param name="Address">As written.</param>
    private sealed record Taken(string Name, object Owner, string Property, string Address)
    {
        public EndPoint? EndPoint { get; init; }
    }
}
