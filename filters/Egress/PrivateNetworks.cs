using System.Net;

namespace FilterProxy.Filters.Egress;

/// <summary>
/// Addresses that are no part of the public Internet, as the registries of special-purpose addresses have them (RFC 6890), and those that
/// only wrap others: translated and tunnelled ones would lead around these rules.
/// </summary>
internal static class PrivateNetworks
{
    private static readonly IPNetwork[] All =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
            "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    /// <param name="address">IPv4 as IPv4.</param>
    public static bool Contain(IPAddress address)
    {
        foreach (var network in All)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
