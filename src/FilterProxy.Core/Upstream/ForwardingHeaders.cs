using System.Net;
using System.Net.Sockets;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The fields that tell an upstream about the client. What a peer that is not trusted says about others is taken off before
/// any filter sees it; what this proxy knows itself is added to each attempt.
/// </summary>
internal static class ForwardingHeaders
{
    /// <summary>Once per request, before filters: forged fields off, the client's address found, a request id made.</summary>
    public static void Accept(ProxyExchange x) => Accept(x.Request.Headers, x.Downstream, x.Rules.Forwarding);

    /// <inheritdoc cref="Accept(ProxyExchange)"/>
    public static void Accept(HeaderMap headers, DownstreamInfo downstream, ForwardingRules rules)
    {
        downstream.ClientAddress = downstream.RemoteAddress;
        if (rules.TrustedProxies.Length > 0 && rules.Trusts(downstream.RemoteAddress))
        {
            downstream.ClientAddress = FindClient(headers, rules) ?? downstream.RemoteAddress;
        }
        else
        {
            headers.Remove(KnownHeader.XForwardedFor);
            headers.Remove(KnownHeader.XForwardedHost);
            headers.Remove(KnownHeader.XForwardedProto);
            headers.Remove(KnownHeader.XForwardedPort);
            headers.Remove(KnownHeader.XForwardedPrefix);
            headers.Remove(KnownHeader.XRealIP);
            headers.Remove(KnownHeader.Forwarded);
            headers.Remove(KnownHeader.XRequestId);
        }

        if (headers.Contains(KnownHeader.XForwardedClientCert) && ClientCertHeader.IsRemoved(rules.ClientCert, downstream))
        {
            headers.Remove(KnownHeader.XForwardedClientCert);
        }

        if (rules.RequestId && !headers.Contains(KnownHeader.XRequestId))
        {
            Span<byte> id = stackalloc byte[32];
            WriteId(id);
            headers.Append(KnownHeader.XRequestId, id);
        }
    }

    /// <summary>Once per attempt: what this proxy adds.</summary>
    public static void Apply(ProxyExchange x, RequestHead attempt)
    {
        var rules = x.Rules.Forwarding;
        var headers = attempt.Headers;
        if (rules.XForwarded)
        {
            AppendToList(headers, KnownHeader.XForwardedFor, x.Downstream.RemoteAddressText);
            if (!attempt.Authority.IsEmpty && !headers.Contains(KnownHeader.XForwardedHost))
            {
                headers.Append(KnownHeader.XForwardedHost, attempt.Authority);
            }

            if (!headers.Contains(KnownHeader.XForwardedProto))
            {
                headers.Append(KnownHeader.XForwardedProto, x.Downstream.IsTls ? "https"u8 : "http"u8);
            }

            if (x.Route?.StrippedPrefix is { Length: > 0 } prefix)
            {
                headers.Set(KnownHeader.XForwardedPrefix, prefix);
            }
        }

        AppendToList(
            headers, KnownHeader.XForwardedClientCert, ClientCertHeader.Element(rules.ClientCert, rules.ClientCertDetails, x.Downstream));
        if (rules.Forwarded)
        {
            AppendForwarded(x, headers);
        }

        if (rules.Via is { Length: > 0 } via)
        {
            // RFC 9110 §7.6.3: the protocol as received, then who received it.
            Span<byte> value = stackalloc byte[4 + via.Length];
            (attempt.Version == HttpVersionKind.Http10 ? "1.0 "u8 : attempt.Version == HttpVersionKind.Http2 ? "2.0 "u8 : attempt.Version == HttpVersionKind.Http3 ? "3.0 "u8 : "1.1 "u8).CopyTo(value);
            via.CopyTo(value[4..]);
            headers.Append(KnownHeader.Via, value);
        }
    }

    /// <summary>The last address in X-Forwarded-For that is not one of our own proxies: what stands left of it is hearsay.</summary>
    private static IPAddress? FindClient(HeaderMap headers, ForwardingRules rules)
    {
        IPAddress? client = null;
        for (var line = headers.Entries.Length - 1; line >= 0; line--)
        {
            if (headers.Entries[line].Known != KnownHeader.XForwardedFor)
            {
                continue;
            }

            var value = headers.ValueOf(headers.Entries[line]);
            while (!value.IsEmpty)
            {
                var comma = value.LastIndexOf((byte)',');
                var text = value[(comma + 1)..].Trim(" \t"u8);
                value = comma < 0 ? default : value[..comma];
                if (!TryParse(text, out var address))
                {
                    return client;
                }

                client = address;
                if (!rules.Trusts(address))
                {
                    return client;
                }
            }
        }

        return client;
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out IPAddress? address)
    {
        // Some proxies add the port: "1.2.3.4:567", "[::1]:567".
        if (text.Length > 0 && text[0] == (byte)'[')
        {
            var end = text.IndexOf((byte)']');
            text = end < 0 ? default : text[1..end];
        }
        else if (text.Count((byte)':') == 1)
        {
            text = text[..text.IndexOf((byte)':')];
        }

        return IPAddress.TryParse(text, out address);
    }

    private static void AppendToList(HeaderMap headers, KnownHeader header, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return;
        }

        if (!headers.TryGet(header, out var first))
        {
            headers.Append(header, value);
            return;
        }

        // One line for the whole list: upstreams tend to read the first or the last line only.
        var length = 0;
        foreach (var part in headers.Values(header))
        {
            length += part.Length + 2;
        }

        var joined = length + value.Length <= 512 ? stackalloc byte[length + value.Length] : new byte[length + value.Length];
        var at = 0;
        foreach (var part in headers.Values(header))
        {
            part.CopyTo(joined[at..]);
            ", "u8.CopyTo(joined[(at + part.Length)..]);
            at += part.Length + 2;
        }

        value.CopyTo(joined[at..]);
        headers.Set(header, joined);
    }

    private static void AppendForwarded(ProxyExchange x, HeaderMap headers)
    {
        Span<byte> element = stackalloc byte[64 + x.Downstream.RemoteAddressText.Length + x.Request.Authority.Length];
        var at = 0;
        void Write(ReadOnlySpan<byte> bytes, Span<byte> to)
        {
            bytes.CopyTo(to[at..]);
            at += bytes.Length;
        }

        // RFC 7239 §6: an IPv6 address stands in brackets and quotes, "unknown" where there is none.
        var ip = x.Downstream.RemoteAddressText;
        var v6 = x.Downstream.RemoteAddress?.AddressFamily == AddressFamily.InterNetworkV6;
        Write("for="u8, element);
        Write(v6 ? "\"["u8 : default, element);
        Write(ip.Length == 0 ? "unknown"u8 : ip, element);
        Write(v6 ? "]\""u8 : default, element);
        Write(";host=\""u8, element);
        Write(x.Request.Authority, element);
        Write("\";proto="u8, element);
        Write(x.Downstream.IsTls ? "https"u8 : "http"u8, element);
        AppendToList(headers, KnownHeader.Forwarded, element[..at]);
    }

    private static void WriteId(Span<byte> output)
    {
        Span<byte> random = stackalloc byte[16];
        Random.Shared.NextBytes(random);
        Convert.TryToHexStringLower(random, output, out _);
    }
}
