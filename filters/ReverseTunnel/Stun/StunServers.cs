using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>STUN servers as options name them: <c>tunnel.example.com:3478</c>, <c>192.0.2.1</c>, <c>[2001:db8::1]:3478</c>.</summary>
internal static class StunServers
{
    private const int DefaultPort = 3478;

    /// <summary>Whether a text names one.</summary>
    public static bool IsOne(string text) => TrySplit(text, out _, out _);

    /// <summary>Their addresses, of each name the first of each family. Those that have none are left out.</summary>
    /// <param name="servers">As the options name them.</param>
    /// <param name="withIPv6">Whether a socket can reach such addresses.</param>
    /// <param name="cancel">Ends the look-up with what there is.</param>
    public static async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(IReadOnlyList<string> servers, bool withIPv6, CancellationToken cancel)
    {
        var found = await Task.WhenAll(servers.Select(server => ResolveAsync(server, withIPv6, cancel)));
        return [.. found.SelectMany(addresses => addresses).Distinct()];
    }

    private static async Task<IEnumerable<IPEndPoint>> ResolveAsync(string server, bool withIPv6, CancellationToken cancel)
    {
        if (!TrySplit(server, out var host, out var port))
        {
            return [];
        }

        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancel);
            return addresses.Where(address => withIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
                .GroupBy(address => address.AddressFamily).Select(family => new IPEndPoint(family.First(), port));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            return [];
        }
    }

    private static bool TrySplit(string text, out string host, out int port)
    {
        var colon = text.LastIndexOf(':');
        var hasPort = colon > text.LastIndexOf(']') && text.IndexOf(':', StringComparison.Ordinal) is var first && (first == colon || text.StartsWith('['));
        host = (hasPort ? text[..colon] : text).Trim('[', ']');
        port = DefaultPort;
        return (!hasPort || (int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue))
            && Uri.CheckHostName(host) != UriHostNameType.Unknown;
    }
}
