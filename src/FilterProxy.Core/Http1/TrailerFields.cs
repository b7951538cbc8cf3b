namespace FilterProxy.Core.Http1;

/// <summary>Which fields may stand in trailers, whatever protocol they come in.</summary>
/// <remarks>
/// RFC 9110 §6.5.1: a trailer must not change how the message was framed, routed or authenticated, all of which is past by then.
/// Framing and Host there are an attack and fail the body; the rest of that kind is dropped.
/// </remarks>
internal static class TrailerFields
{
    private static readonly ulong Dropped = Mask(
        KnownHeader.Connection, KnownHeader.KeepAlive, KnownHeader.ProxyConnection, KnownHeader.TE, KnownHeader.Trailer,
        KnownHeader.Upgrade, KnownHeader.Expect, KnownHeader.Forwarded, KnownHeader.Via, KnownHeader.XForwardedFor,
        KnownHeader.XForwardedHost, KnownHeader.XForwardedPort, KnownHeader.XForwardedPrefix, KnownHeader.XForwardedProto,
        KnownHeader.XRealIP, KnownHeader.Authorization, KnownHeader.ProxyAuthorization, KnownHeader.ProxyAuthenticate,
        KnownHeader.WWWAuthenticate, KnownHeader.Cookie, KnownHeader.SetCookie, KnownHeader.IfMatch, KnownHeader.IfNoneMatch,
        KnownHeader.IfModifiedSince, KnownHeader.IfUnmodifiedSince, KnownHeader.IfRange, KnownHeader.Range, KnownHeader.CacheControl,
        KnownHeader.ContentEncoding, KnownHeader.ContentType, KnownHeader.ContentRange, KnownHeader.Location);

    /// <summary>Whether the field is an attack there.</summary>
    public static bool IsForbidden(KnownHeader known) =>
        known is KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Host;

    /// <summary>Whether it is left out.</summary>
    public static bool IsDropped(KnownHeader known) => (KnownHeaders.Bit(known) & Dropped) != 0;

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
