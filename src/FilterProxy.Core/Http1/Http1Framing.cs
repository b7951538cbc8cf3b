namespace FilterProxy.Core.Http1;

/// <summary>The only place that decides where a message ends (RFC 9112 §6) and whether its connection persists (§9.3).</summary>
/// <remarks>
/// Stricter than the RFC wherever two parsers could disagree, because a disagreement between this proxy and an origin is request
/// smuggling: of requests, any repeated or listed Content-Length is refused even if the values are equal, and the only transfer
/// coding is a single <c>chunked</c>.
/// </remarks>
internal static class Http1Framing
{
    private const int MaxLengthDigits = 19;

    /// <summary>How a request ends, or why that cannot be told.</summary>
    public static ProxyError ForRequest(RequestHead head, out MessageFraming framing)
    {
        var headers = head.Headers;
        var keepAlive = IsPersistent(head.Version, headers);
        framing = new MessageFraming(BodyKind.None, 0, keepAlive);
        if (headers.Contains(KnownHeader.TransferEncoding))
        {
            if (headers.Contains(KnownHeader.ContentLength))
            {
                return BadRequest("transfer_encoding_with_content_length");
            }

            if (IsRepeated(headers, KnownHeader.TransferEncoding))
            {
                return BadRequest("duplicate_transfer_encoding");
            }

            headers.TryGet(KnownHeader.TransferEncoding, out var coding);
            var error = CheckRequestCoding(head.Version, coding);
            framing = new MessageFraming(BodyKind.Chunked, 0, keepAlive);
            return error;
        }

        if (headers.TryGet(KnownHeader.ContentLength, out var value))
        {
            if (IsRepeated(headers, KnownHeader.ContentLength))
            {
                return BadRequest("duplicate_content_length");
            }

            if (!TryParseLength(value, out var length))
            {
                return BadRequest("bad_content_length");
            }

            framing = new MessageFraming(length == 0 ? BodyKind.None : BodyKind.Length, length, keepAlive);
            return default;
        }

        // RFC 1945 §8.3: in HTTP/1.0 these must state a length, and 400 is the answer where none is given; what follows may be a
        // body that we would take for another request.
        var needsLength = head.MethodKind is HttpMethodKind.Post or HttpMethodKind.Put or HttpMethodKind.Patch;
        return needsLength && head.Version == HttpVersionKind.Http10 ? BadRequest("length_required") : default;
    }

    /// <summary>Judges a Content-Length or Transfer-Encoding line of a request before it joins the fields read so far.</summary>
    public static ProxyError CheckRequestField(RequestHead head, KnownHeader header, ReadOnlySpan<byte> value)
    {
        var headers = head.Headers;
        if (header == KnownHeader.TransferEncoding)
        {
            return headers.Contains(KnownHeader.ContentLength) ? BadRequest("transfer_encoding_with_content_length")
                : headers.Contains(KnownHeader.TransferEncoding) ? BadRequest("duplicate_transfer_encoding")
                : CheckRequestCoding(head.Version, value);
        }

        return headers.Contains(KnownHeader.TransferEncoding) ? BadRequest("transfer_encoding_with_content_length")
            : headers.Contains(KnownHeader.ContentLength) ? BadRequest("duplicate_content_length")
            : TryParseLength(value, out _) ? default
            : BadRequest("bad_content_length");
    }

    /// <summary>
    /// How a response to a request of this method ends, or why that cannot be told. Removes a Content-Length that must not stand
    /// where it stands and folds equal ones into one (RFC 9110 §8.6).
    /// </summary>
    public static ProxyError ForResponse(ResponseHead head, HttpMethodKind requestMethod, out MessageFraming framing)
    {
        var headers = head.Headers;
        var keepAlive = IsPersistent(head.Version, headers);
        framing = new MessageFraming(BodyKind.None, 0, keepAlive);
        var interim = head.StatusCode < 200;
        if (requestMethod == HttpMethodKind.Connect && head.StatusCode is >= 200 and < 300)
        {
            // RFC 9110 §9.3.6: a tunnel begins right after the head, whatever these say.
            headers.Remove(KnownHeader.ContentLength);
            headers.Remove(KnownHeader.TransferEncoding);
            return default;
        }

        var chunked = headers.Contains(KnownHeader.TransferEncoding);
        if (chunked)
        {
            // RFC 9112 §6.1: none of these is a message a sender may produce, and all of them are tools of response splitting.
            var detail = headers.Contains(KnownHeader.ContentLength) ? "transfer_encoding_with_content_length"
                : head.Version == HttpVersionKind.Http10 ? "transfer_encoding_in_http10"
                : interim || head.StatusCode == 204 ? "transfer_encoding_without_body"
                : IsOnlyChunked(headers) ? null
                : "bad_transfer_encoding";
            if (detail is not null)
            {
                return BadResponse(detail);
            }
        }

        if (interim || head.StatusCode == 204)
        {
            // RFC 9110 §8.6 forbids it there; harmless once dropped, as the status alone decides.
            headers.Remove(KnownHeader.ContentLength);
            return default;
        }

        var length = -1L;
        if (headers.Contains(KnownHeader.ContentLength) && !TryFoldLengths(headers, out length))
        {
            return BadResponse("bad_content_length");
        }

        if (requestMethod == HttpMethodKind.Head || head.StatusCode == 304 || length == 0)
        {
            return default;
        }

        framing = chunked ? new MessageFraming(BodyKind.Chunked, 0, keepAlive)
            : length > 0 ? new MessageFraming(BodyKind.Length, length, keepAlive)
            : new MessageFraming(BodyKind.UntilClose, 0, false);
        return default;
    }

    /// <summary>Whether a request asks for another protocol in a way we pass on: a GET without a body that is not for cleartext HTTP/2.</summary>
    public static bool IsUpgradeRequest(RequestHead head)
    {
        var headers = head.Headers;
        if (head.MethodKind != HttpMethodKind.Get
            || head.Version != HttpVersionKind.Http11
            || !headers.Contains(KnownHeader.Upgrade)
            || headers.Contains(KnownHeader.TransferEncoding)
            || (headers.TryGet(KnownHeader.ContentLength, out var length) && !length.SequenceEqual("0"u8))
            || (ReadConnection(headers) & ConnectionOptions.Upgrade) == 0)
        {
            return false;
        }

        // An origin that agreed to h2c would take requests from the client that no filter has seen.
        var any = false;
        foreach (var value in headers.Values(KnownHeader.Upgrade))
        {
            foreach (var protocol in new CommaList(value))
            {
                if (HeaderName.Equals(protocol, "h2c"u8))
                {
                    return false;
                }

                any = true;
            }
        }

        return any;
    }

    /// <summary>Whether the client waits for 100 (Continue) before its body (RFC 9110 §10.1.1).</summary>
    /// <param name="head">The request.</param>
    /// <param name="unknown">There is an expectation we do not know: 417.</param>
    public static bool ExpectsContinue(RequestHead head, out bool unknown)
    {
        unknown = false;
        if (!head.Headers.Contains(KnownHeader.Expect) || head.Version == HttpVersionKind.Http10)
        {
            return false;
        }

        var expects = false;
        foreach (var value in head.Headers.Values(KnownHeader.Expect))
        {
            foreach (var expectation in new CommaList(value))
            {
                expects |= HeaderName.Equals(expectation, "100-continue"u8);
                unknown |= !HeaderName.Equals(expectation, "100-continue"u8);
            }
        }

        return expects && !unknown;
    }

    public static ConnectionOptions ReadConnection(HeaderMap headers)
    {
        var options = ConnectionOptions.None;
        foreach (var value in headers.Values(KnownHeader.Connection))
        {
            foreach (var option in new CommaList(value))
            {
                options |= option.Length switch
                {
                    5 when HeaderName.Equals(option, "close"u8) => ConnectionOptions.Close,
                    7 when HeaderName.Equals(option, "upgrade"u8) => ConnectionOptions.Upgrade,
                    10 when HeaderName.Equals(option, "keep-alive"u8) => ConnectionOptions.KeepAlive,
                    _ => ConnectionOptions.None,
                };
            }
        }

        return options;
    }

    // close wins over keep-alive (RFC 9112 §9.3).
    private static bool IsPersistent(HttpVersionKind version, HeaderMap headers)
    {
        var options = ReadConnection(headers);
        return (options & ConnectionOptions.Close) == 0
            && (version == HttpVersionKind.Http11 || (options & ConnectionOptions.KeepAlive) != 0);
    }

    private static ProxyError CheckRequestCoding(HttpVersionKind version, ReadOnlySpan<byte> value)
    {
        if (version == HttpVersionKind.Http10)
        {
            // RFC 9112 §6.1: its framing is to be treated as faulty.
            return BadRequest("transfer_encoding_in_http10");
        }

        if (HeaderName.Equals(value, "chunked"u8))
        {
            return default;
        }

        int chunked = 0, other = 0;
        var chunkedLast = false;
        foreach (var coding in new CommaList(value))
        {
            chunkedLast = HeaderName.Equals(coding, "chunked"u8);
            chunked += chunkedLast ? 1 : 0;
            other += chunkedLast ? 0 : 1;
            if (!HeaderName.IsToken(coding))
            {
                return BadRequest("bad_transfer_encoding");
            }
        }

        return other > 0 && (chunked == 0 || (chunked == 1 && chunkedLast))
            ? ProxyError.Downstream(ProxyErrorKind.NotImplemented, "transfer_coding_not_implemented")
            : BadRequest("bad_transfer_encoding");
    }

    private static bool IsOnlyChunked(HeaderMap headers) =>
        !IsRepeated(headers, KnownHeader.TransferEncoding)
        && headers.TryGet(KnownHeader.TransferEncoding, out var value)
        && HeaderName.Equals(value, "chunked"u8);

    private static bool TryFoldLengths(HeaderMap headers, out long length)
    {
        length = -1;
        var lines = 0;
        ReadOnlySpan<byte> first = default;
        foreach (var value in headers.Values(KnownHeader.ContentLength))
        {
            var empty = true;
            foreach (var element in new CommaList(value))
            {
                if (!TryParseLength(element, out var parsed) || (length >= 0 && parsed != length))
                {
                    return false;
                }

                first = first.IsEmpty ? element : first;
                length = parsed;
                empty = false;
            }

            if (empty)
            {
                return false;
            }

            lines += value.Length == first.Length ? 1 : 2;
        }

        if (lines > 1)
        {
            headers.Set(KnownHeader.ContentLength, first);
        }

        return true;
    }

    private static bool TryParseLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        if (value.IsEmpty || value.Length > MaxLengthDigits)
        {
            return false;
        }

        foreach (var digit in value)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            // 19 digits fit into 64 bits without a sign; the sign bit then says that they do not fit into 63.
            length = unchecked((length * 10) + (digit - '0'));
        }

        return length >= 0;
    }

    private static bool IsRepeated(HeaderMap headers, KnownHeader header) =>
        headers.IndexOf(header, headers.IndexOf(header, 0) + 1) >= 0;

    private static ProxyError BadRequest(string detail) => ProxyError.Downstream(ProxyErrorKind.BadRequest, detail);

    private static ProxyError BadResponse(string detail) => ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: detail);
}
