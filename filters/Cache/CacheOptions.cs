using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Cache;

/// <summary>Options of <see cref="CacheFilter"/>.</summary>
public sealed record CacheOptions
{
    /// <summary>The most bytes kept in memory: bodies, fields and keys. Default: 64MiB.</summary>
    public ByteSize Memory { get; init; } = ByteSize.FromMiB(64);

    /// <summary>The longest body that is kept, in memory or on disk. Default: 8MiB.</summary>
    public ByteSize MaxObject { get; init; } = ByteSize.FromMiB(8);

    /// <summary>A second tier on disk, for what memory cannot hold and for restarts; none unless set.</summary>
    public CacheDiskOptions? Disk { get; init; }

    /// <summary>
    /// How long a response is fresh that says nothing about it; only statuses that may be kept without being told (200, 203, 204, 300, 301,
    /// 308, 404, 405, 410, 414, 501). Default: 0s.
    /// </summary>
    public TimeSpan DefaultFreshness { get; init; }

    /// <summary>How long a response with Last-Modified alone is fresh: so many percent of its age (RFC 9111 §4.2.2). 0 for never. Default: 10.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public int HeuristicPercent { get; init; } = 10;

    /// <summary>The longest that may come to. Default: 1d.</summary>
    public TimeSpan HeuristicMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// For how long after its freshness a response is still sent while it is fetched anew behind it, where the response does not say so itself
    /// (RFC 5861 §3). Default: 0s.
    /// </summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>
    /// For how long after its freshness a response is sent instead of an error: the upstream cannot be reached, or answers 500, 502, 503 or 504;
    /// where the response does not say so itself (RFC 5861 §4). Default: 0s.
    /// </summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>Whether requests for what is just being fetched wait for it. Default: true.</summary>
    public bool Coalesce { get; init; } = true;

    /// <summary>How long they wait before they go to the upstream themselves. Default: 5s.</summary>
    public TimeSpan CoalesceTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether Cache-Control and Pragma of requests count (RFC 9111 §5.2.1). Where they do, a client can have every answer fetched anew.
    /// Default: true.
    /// </summary>
    public bool RequestDirectives { get; init; } = true;

    /// <summary>Fields that, where a response has them, replace Cache-Control and Expires for this cache, in order of rank (RFC 9213). Default: CDN-Cache-Control.</summary>
    public IReadOnlyList<string> TargetedFields { get; init; } = ["CDN-Cache-Control"];

    /// <summary>
    /// What becomes of a response with Set-Cookie: skip does not keep it, strip keeps it without the field, store keeps all of it and so gives
    /// one client's cookie to others. Default: skip.
    /// </summary>
    public SetCookiePolicy SetCookie { get; init; } = SetCookiePolicy.Skip;

    /// <summary>Fields of responses whose words are tags to purge by. Default: Cache-Tag, Surrogate-Key.</summary>
    public IReadOnlyList<string> TagFields { get; init; } = ["Cache-Tag", "Surrogate-Key"];

    /// <summary>Requests that pass by the cache: neither answered from it nor kept.</summary>
    public CacheBypassOptions Bypass { get; init; } = new();

    /// <summary>More of a request that its answer depends on, added to the key; none unless set.</summary>
    public Template? Key { get; init; }

    /// <summary>The most answers kept for one key, told apart by Vary; the oldest goes. Default: 32.</summary>
    [Range(1, 1024, ErrorMessage = "must be between 1 and 1024")]
    public int MaxVariants { get; init; } = 32;

    /// <summary>A response whose Vary names more fields is not kept. Default: 8.</summary>
    [Range(0, 64, ErrorMessage = "must be between 0 and 64")]
    public int MaxVaryFields { get; init; } = 8;

    /// <summary>The name in Cache-Status (RFC 9211); empty for no such field. Default: FilterProxy.</summary>
    public string StatusName { get; init; } = "FilterProxy";
}
