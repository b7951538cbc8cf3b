using System.Text;
using FilterProxy.Core.Http1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// Copies a request's head from Kestrel into the exchange's block, once, and judges it as the HTTP/1 parser would: what is copied may be
/// sent upstream as HTTP/1, where a CR, a second length or a space in a name would be another request. Kestrel's strings are Latin-1:
/// one character is one byte.
/// </summary>
internal static class KestrelHead
{
    private const int MaxMethodLength = 32;

    /// <summary>The bytes between and after a field's name and value.</summary>
    private const int LineOverhead = 4;

    /// <summary>Reads the head. What could be read before an error stands in it, for the log.</summary>
    public static ProxyError Read(IHttpRequestFeature request, RequestHead head, HeadLimits limits, out int headBytes)
    {
        head.Version = request.Protocol == "HTTP/3" ? HttpVersionKind.Http3 : HttpVersionKind.Http2;
        headBytes = 0;
        var error = ReadTarget(request, head, limits, ref headBytes);
        return error.IsError ? error : ReadFields(request.Headers, head, limits, ref headBytes);
    }

    /// <summary>Adds a trailer field, or leaves it out. False when the message is to be refused for it.</summary>
    public static bool TryAddTrailer(HeaderMap trailers, string name, string value)
    {
        var entry = Append(trailers.Block, name, value);
        if (!IsClean(trailers, entry) || Http1TrailerReader.IsForbidden(entry.Known))
        {
            return false;
        }

        if (!Http1TrailerReader.IsDropped(entry.Known))
        {
            trailers.AddParsed(entry);
        }

        return true;
    }

    private static ProxyError ReadTarget(IHttpRequestFeature request, RequestHead head, HeadLimits limits, ref int headBytes)
    {
        var method = Append(head.Block, request.Method);
        var methodBytes = head.Block.Slice(method.Start, method.Length);
        head.SetMethod(method, RequestTarget.ClassifyMethod(methodBytes));
        var target = Append(head.Block, request.RawTarget);
        var bytes = head.Block.Slice(target.Start, target.Length);
        head.SetTarget(target);
        headBytes = method.Length + target.Length + "  HTTP/1.1\r\n".Length;
        if (method.Length > MaxMethodLength || !HeaderName.IsToken(head.Method))
        {
            return BadRequest("bad_method");
        }

        if (headBytes - 2 > limits.MaxRequestLine)
        {
            return ProxyError.Downstream(ProxyErrorKind.UriTooLong, "start_line_too_long");
        }

        if (bytes.IsEmpty || bytes.ContainsAnyExcept(Http1Bytes.Visible))
        {
            return BadRequest("bad_target");
        }

        if (head.MethodKind == HttpMethodKind.Connect && bytes[0] != (byte)'/')
        {
            // RFC 9113 §8.5: CONNECT has an authority and no path.
            head.SetAuthority(target);
            return Http1Authority.IsValid(bytes, portRequired: true) ? default : BadRequest("bad_target");
        }

        if (bytes.SequenceEqual("*"u8))
        {
            head.SetPathAndQuery(target, default, hasQuery: false);
            return head.MethodKind == HttpMethodKind.Options ? default : BadRequest("bad_target");
        }

        if (bytes[0] != (byte)'/')
        {
            return BadRequest("bad_target");
        }

        SplitTarget(head, bytes, target.Start);
        return default;
    }

    private static void SplitTarget(RequestHead head, ReadOnlySpan<byte> target, int start)
    {
        // A fragment is the user agent's own affair (RFC 9110 §7.1).
        var fragment = target.IndexOf((byte)'#');
        target = fragment < 0 ? target : target[..fragment];
        var mark = target.IndexOf((byte)'?');
        if (mark < 0)
        {
            head.SetPathAndQuery(new ByteRange(start, target.Length), default, hasQuery: false);
        }
        else
        {
            head.SetPathAndQuery(new ByteRange(start, mark), new ByteRange(start + mark + 1, target.Length - mark - 1), hasQuery: true);
        }
    }

    private static ProxyError ReadFields(IHeaderDictionary fields, RequestHead head, HeadLimits limits, ref int headBytes)
    {
        var count = 0;
        foreach (var (name, values) in fields)
        {
            foreach (var value in values)
            {
                var entry = Append(head.Block, name, value ?? "");
                headBytes += entry.NameLength + entry.ValueLength + LineOverhead;
                if (++count > limits.MaxHeaderCount)
                {
                    return TooLarge("too_many_fields");
                }

                if (entry.NameLength + entry.ValueLength + 2 > limits.MaxHeaderBytes || name.Length > ushort.MaxValue)
                {
                    return TooLarge("field_too_large");
                }

                if (headBytes + 2 > limits.MaxHeadBytes)
                {
                    return TooLarge("head_too_large");
                }

                var error = Judge(head, entry, limits, out var keep);
                if (error.IsError)
                {
                    return error;
                }

                if (keep)
                {
                    head.Headers.AddParsed(entry);
                }
            }
        }

        headBytes += 2;
        return SetAuthority(head);
    }

    private static ProxyError Judge(RequestHead head, in HeaderEntry entry, HeadLimits limits, out bool keep)
    {
        keep = true;
        var headers = head.Headers;
        if (!IsClean(headers, entry))
        {
            return BadRequest("bad_field");
        }

        switch (entry.Known)
        {
            case KnownHeader.Unknown when limits.Underscores != UnderscorePolicy.Allow && headers.NameOf(entry).Contains((byte)'_'):
                keep = false;
                return limits.Underscores == UnderscorePolicy.Drop ? default : BadRequest("underscore_in_header_name");

            case KnownHeader.Host:
                return headers.Contains(KnownHeader.Host) ? BadRequest("duplicate_host")
                    : Http1Authority.IsValid(headers.ValueOf(entry)) ? default
                    : BadRequest("bad_host");

            case KnownHeader.ContentLength:
                return Http1Framing.CheckRequestField(head, entry.Known, headers.ValueOf(entry));

            case KnownHeader.Connection or KnownHeader.KeepAlive or KnownHeader.ProxyConnection or KnownHeader.TransferEncoding or KnownHeader.Upgrade:
                // RFC 9113 §8.2.2: such a message is malformed, and as HTTP/1 it would mean something.
                return BadRequest("connection_field_in_http2");

            default:
                return default;
        }
    }

    private static ProxyError SetAuthority(RequestHead head)
    {
        var index = head.Headers.IndexOf(KnownHeader.Host, 0);
        if (!head.Authority.IsEmpty)
        {
            if (index < 0)
            {
                head.Headers.Set(KnownHeader.Host, head.Authority);
            }

            return default;
        }

        if (index < 0)
        {
            return BadRequest("missing_host");
        }

        // Kestrel has put :authority in the place of Host (RFC 9113 §8.3.1).
        ref readonly var host = ref head.Headers.Entries[index];
        head.SetAuthority(new ByteRange(host.ValueStart, host.ValueLength));
        return default;
    }

    private static bool IsClean(HeaderMap headers, in HeaderEntry entry) =>
        HeaderName.IsToken(headers.NameOf(entry)) && HeaderName.IsValue(headers.ValueOf(entry));

    /// <summary>Puts a field into the block as a line, ready to be copied out.</summary>
    private static HeaderEntry Append(HeadBlock block, string name, string value)
    {
        var trimmed = value.AsSpan().Trim(" \t");
        var span = block.GetSpan(name.Length + trimmed.Length + LineOverhead);
        var start = block.Length;
        Encoding.Latin1.GetBytes(name, span);
        ": "u8.CopyTo(span[name.Length..]);
        Encoding.Latin1.GetBytes(trimmed, span[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(span[(name.Length + 2 + trimmed.Length)..]);
        block.Advance(name.Length + trimmed.Length + LineOverhead);
        return new HeaderEntry
        {
            NameStart = start,
            NameLength = (ushort)Math.Min(name.Length, ushort.MaxValue),
            ValueStart = start + name.Length + 2,
            ValueLength = trimmed.Length,
            Known = KnownHeaders.Find(span[..name.Length]),
            IsLine = true,
        };
    }

    private static ByteRange Append(HeadBlock block, string text)
    {
        var start = block.Length;
        block.Advance(Encoding.Latin1.GetBytes(text, block.GetSpan(text.Length)));
        return new ByteRange(start, text.Length);
    }

    private static ProxyError BadRequest(string detail) => ProxyError.Downstream(ProxyErrorKind.BadRequest, detail);

    private static ProxyError TooLarge(string detail) => ProxyError.Downstream(ProxyErrorKind.HeadTooLarge, detail);
}
