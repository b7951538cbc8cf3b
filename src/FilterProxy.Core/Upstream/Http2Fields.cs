using System.Net.Http.Headers;
using System.Text;
using FilterProxy.Core.Http1;

namespace FilterProxy.Core.Upstream;

/// <summary>Translates heads between the engine's bytes and the texts of the framework's client: Latin-1, so that every byte survives.</summary>
internal static class Http2Fields
{
    private static readonly string[] Names = [.. Enumerable.Range(0, KnownHeaders.Count).Select(i => Encoding.Latin1.GetString(KnownHeaders.GetName((KnownHeader)i)))];

    // Of one connection each (RFC 9113 §8.2.2), or written by the client itself.
    private static readonly ulong Skipped =
        KnownHeaders.Bit(KnownHeader.Connection) | KnownHeaders.Bit(KnownHeader.KeepAlive) | KnownHeaders.Bit(KnownHeader.ProxyConnection)
        | KnownHeaders.Bit(KnownHeader.TransferEncoding) | KnownHeaders.Bit(KnownHeader.Upgrade) | KnownHeaders.Bit(KnownHeader.Host)
        | KnownHeaders.Bit(KnownHeader.ContentLength) | KnownHeaders.Bit(KnownHeader.Cookie);

    /// <summary>The method as the client knows it.</summary>
    public static HttpMethod MethodOf(RequestHead head) => head.MethodKind switch
    {
        HttpMethodKind.Get => HttpMethod.Get,
        HttpMethodKind.Head => HttpMethod.Head,
        HttpMethodKind.Post => HttpMethod.Post,
        HttpMethodKind.Put => HttpMethod.Put,
        HttpMethodKind.Delete => HttpMethod.Delete,
        HttpMethodKind.Options => HttpMethod.Options,
        HttpMethodKind.Trace => HttpMethod.Trace,
        HttpMethodKind.Patch => HttpMethod.Patch,
        _ => new HttpMethod(head.MethodText),
    };

    /// <summary>Path and query as they stand.</summary>
    public static string TargetOf(RequestHead head)
    {
        var path = head.Path;
        var query = head.Query;
        return head.HasQuery
            ? string.Create(path.Length + 1 + query.Length, head, static (text, h) =>
            {
                Encoding.Latin1.GetChars(h.Path, text);
                text[h.Path.Length] = '?';
                Encoding.Latin1.GetChars(h.Query, text[(h.Path.Length + 1)..]);
            })
            : Encoding.Latin1.GetString(path);
    }

    /// <summary>Copies a request's fields, without those of its connection.</summary>
    /// <param name="from">The request.</param>
    /// <param name="message">Where to. What describes a body goes to its content, which is made where it is missing.</param>
    /// <param name="forWebSocket">Leaves out what extended CONNECT has no use for (RFC 8441 §5).</param>
    public static void CopyRequest(RequestHead from, HttpRequestMessage message, bool forWebSocket)
    {
        foreach (var field in from.Headers)
        {
            if ((KnownHeaders.Bit(field.Known) & Skipped) != 0 && field.Known != KnownHeader.Unknown)
            {
                continue;
            }

            if (field.Known == KnownHeader.Unknown
                && ((forWebSocket && HeaderName.Equals(field.Name, "sec-websocket-key"u8)) || HeaderName.Equals(field.Name, "http2-settings"u8)))
            {
                continue;
            }

            var name = field.Known == KnownHeader.Unknown ? Encoding.Latin1.GetString(field.Name) : Names[(int)field.Known];
            Add(message, name, Encoding.Latin1.GetString(field.Value));
        }

        if (from.Headers.Contains(KnownHeader.Cookie))
        {
            message.Headers.TryAddWithoutValidation("Cookie", JoinCookies(from.Headers));
        }
    }

    /// <summary>Copies a response's fields. The error says what is wrong with them.</summary>
    public static ProxyError CopyResponse(HttpResponseMessage from, ResponseHead to, HeadLimits limits)
    {
        var left = limits.MaxHeadBytes;
        return TryAddAll(from.Headers.NonValidated, to.Headers, limits.MaxHeaderCount, ref left)
            && TryAddAll(from.Content.Headers.NonValidated, to.Headers, limits.MaxHeaderCount, ref left) ? default
            : ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: left < 0 ? "response_head_too_large" : "bad_header");
    }

    /// <summary>Copies trailers, without those that may not stand there. False when one is an attack, or when they are too many.</summary>
    public static bool TryTakeTrailers(HttpHeadersNonValidated from, HeaderMap to, int maxBytes)
    {
        foreach (var (name, values) in from)
        {
            foreach (var value in values)
            {
                maxBytes -= name.Length + value.Length + 4;
                if (maxBytes < 0 || !TryAdd(to, name, value, isTrailer: true))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TryAddAll(HttpHeadersNonValidated from, HeaderMap to, int maxCount, ref int left)
    {
        foreach (var (name, values) in from)
        {
            foreach (var value in values)
            {
                left -= name.Length + value.Length + 4;
                if (to.Count == maxCount)
                {
                    left = -1;
                }

                if (left < 0 || !TryAdd(to, name, value, isTrailer: false))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TryAdd(HeaderMap to, string name, string value, bool isTrailer)
    {
        Span<byte> nameBytes = name.Length <= 128 ? stackalloc byte[name.Length] : new byte[name.Length];
        Span<byte> valueBytes = value.Length <= 512 ? stackalloc byte[value.Length] : new byte[value.Length];
        Encoding.Latin1.GetBytes(name, nameBytes);
        Encoding.Latin1.GetBytes(value, valueBytes);
        if (name.Length > ushort.MaxValue || !HeaderName.IsToken(nameBytes) || !HeaderName.IsValue(valueBytes))
        {
            return false;
        }

        var known = KnownHeaders.Find(nameBytes);
        if (isTrailer && Http1TrailerReader.IsForbidden(known))
        {
            return false;
        }

        if (!isTrailer || !Http1TrailerReader.IsDropped(known))
        {
            to.Append(nameBytes, valueBytes);
        }

        return true;
    }

    private static void Add(HttpRequestMessage message, string name, string value)
    {
        if (!message.Headers.TryAddWithoutValidation(name, value))
        {
            (message.Content ??= new EmptyContent()).Headers.TryAddWithoutValidation(name, value);
        }
    }

    // RFC 9113 §8.2.3: crumbs are one field to everybody but HTTP/2, and the client would join them by commas.
    private static string JoinCookies(HeaderMap headers)
    {
        string? joined = null;
        foreach (var value in headers.Values(KnownHeader.Cookie))
        {
            var crumb = Encoding.Latin1.GetString(value);
            joined = joined is null ? crumb : $"{joined}; {crumb}";
        }

        return joined!;
    }
}
