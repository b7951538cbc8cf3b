namespace FilterProxy.Core.Http1;

/// <summary>The only place that takes fields off a message because they are meant for one hop (RFC 9110 §7.6.1).</summary>
/// <remarks>
/// Connection may nominate fields of its own making only. Fields the engine knows to be end-to-end stay whatever Connection says:
/// clients nominate them to strip what a proxy put there (X-Forwarded-For), what protects the origin (Authorization, Cookie) or what
/// frames the message (Content-Length). For the same reason this belongs before filters add fields of their own.
/// Trailer is end-to-end and stays; so do Proxy-Authorization and Proxy-Authenticate, as an origin may be a proxy itself.
/// </remarks>
internal static class HopByHop
{
    /// <summary>Takes them off a request. Keeps <c>TE: trailers</c>, the one transfer option that we honour end to end.</summary>
    /// <param name="attempt">The request.</param>
    /// <param name="keepUpgrade">Leave Upgrade; the writer adds <c>Connection: Upgrade</c>.</param>
    public static void RemoveFromRequest(RequestHead attempt, bool keepUpgrade)
    {
        var headers = attempt.Headers;
        if (headers.Contains(KnownHeader.Connection))
        {
            attempt.KeepConnection();
        }

        var trailers = headers.Contains(KnownHeader.TE) && AcceptsTrailers(headers);
        Remove(headers, keepUpgrade);
        if (trailers)
        {
            if (!headers.TryGet(KnownHeader.TE, out var value) || !value.SequenceEqual("trailers"u8)
                || headers.IndexOf(KnownHeader.TE, headers.IndexOf(KnownHeader.TE, 0) + 1) >= 0)
            {
                headers.Set(KnownHeader.TE, "trailers"u8);
            }
        }
        else
        {
            headers.Remove(KnownHeader.TE);
        }
    }

    /// <summary>Takes them off a response.</summary>
    /// <param name="head">The response.</param>
    /// <param name="keepUpgrade">Leave Upgrade; the writer adds <c>Connection: Upgrade</c>.</param>
    public static void RemoveFromResponse(ResponseHead head, bool keepUpgrade)
    {
        Remove(head.Headers, keepUpgrade);
        head.Headers.Remove(KnownHeader.TE);
    }

    private static void Remove(HeaderMap headers, bool keepUpgrade)
    {
        if (headers.Contains(KnownHeader.Connection))
        {
            RemoveNominated(headers);
            headers.Remove(KnownHeader.Connection);
        }

        headers.Remove(KnownHeader.KeepAlive);
        headers.Remove(KnownHeader.ProxyConnection);
        headers.Remove(KnownHeader.TransferEncoding);
        if (!keepUpgrade && headers.Remove(KnownHeader.Upgrade))
        {
            // RFC 7540 §3.2.1: goes with Upgrade: h2c, which an origin must not see without it.
            headers.Remove("HTTP2-Settings"u8);
        }
    }

    private static void RemoveNominated(HeaderMap headers)
    {
        // By index, not by enumerator: removals move the lines behind them, but never a Connection line.
        for (var line = 0; TryGetConnection(headers, line, out var value); line++)
        {
            foreach (var option in new CommaList(value))
            {
                if (KnownHeaders.Find(option) == KnownHeader.Unknown && !IsProtected(option))
                {
                    headers.Remove(option);
                }
            }
        }
    }

    private static bool TryGetConnection(HeaderMap headers, int line, out ReadOnlySpan<byte> value)
    {
        var index = headers.IndexOf(KnownHeader.Connection, 0);
        for (; line > 0 && index >= 0; line--)
        {
            index = headers.IndexOf(KnownHeader.Connection, index + 1);
        }

        value = index < 0 ? default : headers.ValueOf(headers.Entries[index]);
        return index >= 0;
    }

    // Names the engine does not know one by one.
    private static bool IsProtected(ReadOnlySpan<byte> name) =>
        (name.Length > 12 && HeaderName.Equals(name[..12], "x-forwarded-"u8))
        || (name.Length > 8 && HeaderName.Equals(name[..8], "content-"u8));

    private static bool AcceptsTrailers(HeaderMap headers)
    {
        foreach (var value in headers.Values(KnownHeader.TE))
        {
            foreach (var coding in new CommaList(value))
            {
                if (HeaderName.Equals(coding, "trailers"u8))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
