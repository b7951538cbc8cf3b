using System.Globalization;
using System.Net;

namespace FilterProxy.Filters.Egress;

/// <summary>Where a client wants to go: a name or an address, and a port.</summary>
/// <param name="Host">As the client gave it, in lower case and without the dot at its end.</param>
/// <param name="Address">Where it gave an address; null for a name.</param>
/// <param name="Port">The port.</param>
internal sealed record Destination(string Host, IPAddress? Address, int Port)
{
    /// <summary>Of a name or an address in text; null for neither.</summary>
    public static Destination? Of(string host, int port)
    {
        if (port is < 1 or > ushort.MaxValue)
        {
            return null;
        }

        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        if (bare.Contains(':', StringComparison.Ordinal) || (bare.Length > 0 && bare.All(c => char.IsAsciiDigit(c) || c == '.')))
        {
            // Strictly: "10" and "010.0.0.1" mean different addresses to different programs.
            return IPAddress.TryParse(bare, out var address) && (bare.Contains(':', StringComparison.Ordinal) ? host != bare : address.ToString() == bare)
                ? Of(address, port)
                : null;
        }

        var name = bare.TrimEnd('.').ToLowerInvariant();
        return Uri.CheckHostName(name) == UriHostNameType.Dns && name.Length <= 253 && name.All(c => c is > ' ' and < '\x7f') ? new Destination(name, null, port) : null;
    }

    public static Destination Of(IPAddress address, int port)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new Destination(address.ToString(), address, port);
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}");
}
