namespace FilterProxy.Filters.Cache;

/// <summary>
/// A request as the upstream got it, to ask again when no client waits: without what was of one client alone (credentials, cookies, its address).
/// </summary>
/// <param name="Cluster">Where it went.</param>
/// <param name="Target">Path and query after rewriting.</param>
/// <param name="Host">The Host the upstream got.</param>
/// <param name="Fields">The other fields.</param>
internal sealed record OriginRequest(Cluster Cluster, string Target, string Host, PreparedFields Fields)
{
    /// <summary>Bytes it takes, more or less.</summary>
    public int Size => Fields.Size + (2 * (Target.Length + Host.Length)) + 128;

    /// <summary>Remembers an attempt; null where it goes nowhere that can be asked again.</summary>
    public static OriginRequest? Of(HttpExchange exchange, RequestHead attempt)
    {
        if (exchange.Peer is not { } peer)
        {
            return null;
        }

        return new OriginRequest(
            peer.Cluster,
            attempt.HasQuery ? $"{attempt.PathText}?{attempt.QueryText}" : attempt.PathText,
            peer.HostHeader ?? attempt.AuthorityText,
            PreparedFields.Build(attempt.Headers, static (map, from) =>
            {
                foreach (var field in from)
                {
                    if (!IsPersonal(field.Known))
                    {
                        map.Append(field.Name, field.Value);
                    }
                }
            }));
    }

    private static bool IsPersonal(KnownHeader field) => field is
        KnownHeader.Authorization or KnownHeader.ProxyAuthorization or KnownHeader.Cookie or KnownHeader.Host or KnownHeader.Expect
        or KnownHeader.XForwardedFor or KnownHeader.XRealIP or KnownHeader.Forwarded or KnownHeader.XForwardedClientCert or KnownHeader.XRequestId
        or KnownHeader.TraceParent or KnownHeader.TraceState or KnownHeader.CacheControl or KnownHeader.Range or KnownHeader.IfRange
        or KnownHeader.IfMatch or KnownHeader.IfNoneMatch or KnownHeader.IfModifiedSince or KnownHeader.IfUnmodifiedSince
        or KnownHeader.Connection or KnownHeader.TE or KnownHeader.TransferEncoding or KnownHeader.ContentLength or KnownHeader.Upgrade;
}
