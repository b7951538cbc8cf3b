using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using FilterProxy.Core.Config.Binding;

namespace FilterProxy.Core.Config.Addresses;

/// <summary>
/// An upstream endpoint as written: <c>10.0.0.5:3002</c>, <c>app.internal:3002</c>, <c>http://app.internal</c>,
/// <c>https://app.internal</c>, <c>unix:/run/app.sock</c>.
/// </summary>
/// <param name="Name">What logs and metrics call it: <c>host:port</c> or the socket's path.</param>
/// <param name="EndPoint">
/// An <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/> or a <see cref="System.Net.Sockets.UnixDomainSocketEndPoint"/>.
/// </param>
/// <param name="Tls">true for https, false for http, null when the cluster decides.</param>
internal sealed record EndpointAddress(string Name, EndPoint EndPoint, bool? Tls)
{
    private const string Expected = "an address like '10.0.0.5:3002' or 'https://app.internal'";
    private const int LongestHost = 253;

    public static bool TryParse(string text, [NotNullWhen(true)] out EndpointAddress? address, out string error)
    {
        address = null;
        error = $"expected {Expected}, got '{text}'";
        if (text.StartsWith("unix:", StringComparison.Ordinal))
        {
            if (!ListenAddress.TryParseUnix(text, out var socket, out error))
            {
                return false;
            }

            address = new EndpointAddress(text, socket, null);
            return true;
        }

        var (rest, tls, port) = Scheme(text);
        if (tls is not null)
        {
            rest = rest.EndsWith('/') ? rest[..^1] : rest;
        }

        if (rest.AsSpan().IndexOfAny("/?#@") >= 0)
        {
            error = tls is null
                ? $"expected {Expected}, got '{text}'"
                : $"'{text}' has more than a host and a port (change paths with a route's rewrite)";
            return false;
        }

        if (!ListenAddress.TrySplit(rest, out var host, out var written))
        {
            if (port == 0 || !TryHostAlone(rest, out host))
            {
                error = port == 0 && IsHost(rest) ? $"'{text}' has no port (write '{text}:80')" : error;
                return false;
            }

            written = port;
        }

        return TryMake(host, written, tls, ref address, ref error);
    }

    private static bool TryMake(string host, int port, bool? tls, [NotNullWhen(true)] ref EndpointAddress? address, ref string error)
    {
        if (port == 0)
        {
            error = "an endpoint's port cannot be 0";
            return false;
        }

        if (NetworkText.TryParseAddress(host, out var ip))
        {
            var point = new IPEndPoint(ip, port);
            address = new EndpointAddress(point.ToString(), point, tls);
            return true;
        }

        if (!IsHost(host))
        {
            return false;
        }

        host = host.ToLowerInvariant();
        address = new EndpointAddress(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), new DnsEndPoint(host, port), tls);
        return true;
    }

    private static (string Authority, bool? Tls, int Port) Scheme(string text)
    {
        if (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            return (text["http://".Length..], false, 80);
        }

        return text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? (text["https://".Length..], true, 443) : (text, null, 0);
    }

    private static bool TryHostAlone(string text, out string host)
    {
        var bracketed = text.StartsWith('[') && text.EndsWith(']');
        host = bracketed ? text[1..^1] : text;
        return host.Contains(':', StringComparison.Ordinal) == bracketed;
    }

    // Letters, digits, hyphens, dots; underscores because containers use them. The last label is no number: that is a broken IPv4.
    private static bool IsHost(string host)
    {
        var labels = host.Split('.');
        return host.Length is > 0 and <= LongestHost
            && labels.All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            && !labels[^1].All(char.IsAsciiDigit);
    }
}
