namespace FilterProxy.Core.Http1;

/// <summary>Reads the trailer section of a chunked body (RFC 9112 §7.1.2).</summary>
/// <remarks>
/// RFC 9110 §6.5.1: a trailer must not change how the message was framed, routed or authenticated, all of which is past by then.
/// Framing and Host there are an attack and fail the body; the rest of that kind is dropped.
/// </remarks>
internal sealed class Http1TrailerReader : Http1HeadReader
{
    private static readonly ulong Dropped = Mask(
        KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TE, KnownHeader.Trailer,
        KnownHeader.Upgrade, KnownHeader.Expect, KnownHeader.Forwarded, KnownHeader.Via, KnownHeader.XForwardedFor,
        KnownHeader.XForwardedHost, KnownHeader.XForwardedPort, KnownHeader.XForwardedPrefix, KnownHeader.XForwardedProto,
        KnownHeader.XRealIP, KnownHeader.Authorization, KnownHeader.ProxyAuthorization, KnownHeader.ProxyAuthenticate,
        KnownHeader.WWWAuthenticate, KnownHeader.Cookie, KnownHeader.SetCookie, KnownHeader.IfMatch, KnownHeader.IfNoneMatch,
        KnownHeader.IfModifiedSince, KnownHeader.IfUnmodifiedSince, KnownHeader.IfRange, KnownHeader.Range, KnownHeader.CacheControl,
        KnownHeader.ContentEncoding, KnownHeader.ContentType, KnownHeader.ContentRange, KnownHeader.Location);

    /// <summary>Whether a trailer is an attack, and its message to be refused.</summary>
    public static bool IsForbidden(KnownHeader known) =>
        known is KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Host;

    /// <summary>Whether a trailer is left out.</summary>
    public static bool IsDropped(KnownHeader known) => (KnownHeaders.Bit(known) & Dropped) != 0;

    public void Begin(HeaderMap trailers, HeadLimits limits)
    {
        trailers.Clear();
        BeginLines(trailers.Block, trailers, limits, startLine: false);
    }

    protected override ProxyError CreateError(ProxyErrorKind kind, string detail) => ProxyError.Downstream(kind, detail);

    protected override bool ReadStartLine(ReadOnlySpan<byte> line, bool complete) => true;

    protected override FieldVerdict JudgeField(KnownHeader known, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (IsForbidden(known))
        {
            Fail(ProxyErrorKind.BadRequest, "forbidden_trailer");
            return FieldVerdict.Fail;
        }

        return IsDropped(known) ? FieldVerdict.Drop : FieldVerdict.Add;
    }

    private static ulong Mask(params ReadOnlySpan<KnownHeader> headers)
    {
        var mask = 0UL;
        foreach (var header in headers)
        {
            mask |= KnownHeaders.Bit(header);
        }

        return mask;
    }
}
