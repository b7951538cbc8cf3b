namespace FilterProxy;

/// <summary>
/// Header names the engine or common filters look up often. The parser classifies each name once, so a lookup by
/// <see cref="KnownHeader"/> is a bit test. At most 63 names: the set of present ones is one 64-bit word.
/// </summary>
#pragma warning disable CS1591 // Each member is the header it is named after.
public enum KnownHeader : byte
{
    Unknown = 0,

    // Framing and connection management (RFC 9110 §7.6, RFC 9112).
    Connection, ContentLength, Expect, Host, KeepAlive, ProxyConnection, TE, Trailer, TransferEncoding, Upgrade,

    // Forwarding.
    Forwarded, Via, XForwardedClientCert, XForwardedFor, XForwardedHost, XForwardedPort, XForwardedPrefix, XForwardedProto, XRealIP, XRequestId,

    // Requests.
    Accept, AcceptEncoding, AcceptLanguage, Authorization, Cookie, IfMatch, IfModifiedSince, IfNoneMatch, IfRange,
    IfUnmodifiedSince, Origin, ProxyAuthorization, Range, Referer, TraceParent, TraceState, UserAgent,

    // Responses.
    AcceptRanges, AccessControlAllowOrigin, Age, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentRange,
    ContentSecurityPolicy, ContentType, Date, ETag, Expires, LastModified, Link, Location, ProxyAuthenticate, RetryAfter, Server,
    SetCookie, StrictTransportSecurity, Vary, Warning, WWWAuthenticate,
}
#pragma warning restore CS1591
