using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Addresses;

/// <summary>Addresses to listen on: <c>0.0.0.0:8080</c>, <c>[::]:443</c>, <c>localhost:8080</c>, <c>unix:/run/proxy.sock</c>.</summary>
internal static class ListenAddress
{
    private const string Expected = "an address like '0.0.0.0:8080'";

    // sun_path of Linux holds 108 bytes with the closing zero.
    private const int LongestSocketPath = 107;

    /// <summary>
    /// Reads one: an <see cref="IPEndPoint"/>, a <see cref="UnixDomainSocketEndPoint"/>, or a <see cref="DnsEndPoint"/> for localhost
    /// alone, which means both loopback addresses.
    /// </summary>
    public static bool TryParse(string text, out EndPoint endPoint, out string error)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            return TryParseUnix(text, out endPoint, out error);
        }

        if (!TrySplit(text, out var host, out var port))
        {
            error = text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0 && text.Length > 0
                ? $"expected {Expected}, got '{text}' (did you mean '0.0.0.0:{text}'?)"
                : $"expected {Expected}, got '{text}'";
            return false;
        }

        if (host is "" or "*")
        {
            error = $"expected {Expected}, got '{text}' ('0.0.0.0:{port}' is every IPv4 address, '[::]:{port}' every address)";
            return false;
        }

        if (NetworkText.TryParseAddress(host, out var address))
        {
            (endPoint, error) = (new IPEndPoint(address, port), "");
            return true;
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            (endPoint, error) = (new DnsEndPoint("localhost", port), "");
            return true;
        }

        error = $"cannot listen on '{host}' (give an IP address or 'localhost')";
        return false;
    }

    /// <summary>Splits <c>host:port</c> and <c>[v6]:port</c>; the host may be empty, brackets are taken off.</summary>
    internal static bool TrySplit(string text, out string host, out int port)
    {
        (host, port) = ("", 0);
        var colon = text.LastIndexOf(':');
        if (colon < 0
            || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        (host, port) = (text[..colon], number);
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            host = host[1..^1];
            return host.Contains(':', StringComparison.Ordinal);
        }

        return !host.Contains(':', StringComparison.Ordinal);
    }

    internal static bool TryParseUnix(string text, out EndPoint endPoint, out string error)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        var path = text["unix:".Length..];
        if (!path.StartsWith('/') || path.EndsWith('/'))
        {
            error = $"expected an absolute path like 'unix:/run/app.sock', got '{text}'";
            return false;
        }

        if (System.Text.Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
        {
            error = $"the socket path is longer than {LongestSocketPath} bytes";
            return false;
        }

        (endPoint, error) = (new UnixDomainSocketEndPoint(path), "");
        return true;
    }
}
