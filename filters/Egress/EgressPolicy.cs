using System.Net;

namespace FilterProxy.Filters.Egress;

/// <summary>Who may go where.</summary>
internal sealed class EgressPolicy(EgressOptions options)
{
    /// <summary>Whether a destination could be allowed at all, before its name is looked up.</summary>
    public bool MayAsk(Destination destination) =>
        options.Allow.Any(rule => HasPort(rule, destination.Port) && (HasHost(rule, destination) || rule.Networks.Count > 0));

    /// <summary>Whether a destination may be reached at an address. Asked of the very address that is connected to.</summary>
    public bool MayReach(Destination destination, IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return options.Allow.Any(rule => HasPort(rule, destination.Port) && (HasHost(rule, destination) || rule.Networks.Any(n => n.Contains(address))))
            && (!PrivateNetworks.Contain(address) || options.AllowPrivate.Any(n => n.Contains(address)));
    }

    private static bool HasPort(DestinationOptions rule, int port) => rule.Ports.Any(range => range.Contains(port));

    // An address is no name: it is allowed by a network, or by "*".
    private static bool HasHost(DestinationOptions rule, Destination destination) => rule.Hosts.Any(host =>
        host == "*"
        || (destination.Address is null && (host.StartsWith("*.", StringComparison.Ordinal)
            ? destination.Host.Length > host.Length - 1 && destination.Host.EndsWith(host[1..], StringComparison.OrdinalIgnoreCase)
            : destination.Host.Equals(host, StringComparison.OrdinalIgnoreCase))));
}
