using System.Buffers;

namespace FilterProxy.Filters.Cache;

/// <summary>A response that was kept: a head and a body ready to be sent, and what decides on their use. Never changed; renewed by a copy.</summary>
internal sealed record StoredResponse
{
    // Objects, arrays and table entries around the bytes, more or less.
    private const int Overhead = 512;

    private PreparedFields? _notModified;
    private int _refreshing;

    /// <summary>Final, and not 206 or 304.</summary>
    public required int Status { get; init; }

    /// <summary>All fields, Content-Length of <see cref="Body"/> included; no Age.</summary>
    public required PreparedFields Fields { get; init; }

    /// <summary>The whole body.</summary>
    public ReadOnlySequence<byte> Body { get; init; }

    /// <summary>What it depends on besides its key; null for nothing.</summary>
    public VaryKey? Vary { get; init; }

    /// <summary>When it came, in milliseconds since 1970.</summary>
    public required long Received { get; init; }

    /// <summary>Its age then (RFC 9111 §4.2.3), in milliseconds.</summary>
    public required long InitialAge { get; init; }

    /// <summary>For how long it is fresh, counted by its age, in milliseconds.</summary>
    public required long Lifetime { get; init; }

    /// <summary>Whether it is never used without asking, or after its freshness at least.</summary>
    public required bool ForbidsStale { get; init; }

    /// <summary>After its freshness, for so many milliseconds it is used while it is fetched anew.</summary>
    public long StaleWhileRevalidate { get; init; }

    /// <summary>After its freshness, for so many milliseconds it is used instead of an error.</summary>
    public long StaleIfError { get; init; }

    /// <summary>Its entity tag; empty for none.</summary>
    public byte[] ETag { get; init; } = [];

    /// <summary>Last-Modified as it was sent; empty for none.</summary>
    public byte[] LastModified { get; init; } = [];

    /// <summary>The time of <see cref="LastModified"/>, else of Date; seconds since 1970, negative for neither.</summary>
    public long Modified { get; init; } = -1;

    /// <summary>What it can be purged by, as text.</summary>
    public string[] Tags { get; init; } = [];

    /// <summary>How to ask for it anew without a client; null where that is never done.</summary>
    public OriginRequest? Origin { get; init; }

    /// <summary>How often it was used, up to a few: what keeps it from being the next to go.</summary>
    public byte Uses { get; set; }

    /// <summary>Whether the upstream can be asked if it still holds.</summary>
    public bool HasValidator => ETag.Length > 0 || LastModified.Length > 0;

    /// <summary>Bytes it takes, its key apart.</summary>
    public long Size => Body.Length + Fields.Size + (Fields.Count * 16) + (Vary?.Size ?? 0) + (Origin?.Size ?? 0) + Overhead;

    /// <summary>The fields of a 304 for it: what tells of the exchange and not of the content (RFC 9110 §15.4.5).</summary>
    public PreparedFields NotModifiedFields => _notModified ??= PreparedFields.Build(Fields, static (map, fields) =>
    {
        foreach (var one in fields)
        {
            if (one.Known is not (KnownHeader.ContentLength or KnownHeader.ContentType or KnownHeader.ContentEncoding
                or KnownHeader.ContentLanguage or KnownHeader.ContentRange or KnownHeader.SetCookie))
            {
                map.Append(one.Name, one.Value);
            }
        }
    });

    /// <summary>Its age in milliseconds (RFC 9111 §4.2.3).</summary>
    public long AgeAt(long now) => InitialAge + Math.Max(0, now - Received);

    /// <summary>True for one caller, who then fetches it anew, until <see cref="EndRefresh"/>.</summary>
    public bool TryBeginRefresh() => Interlocked.Exchange(ref _refreshing, 1) == 0;

    /// <summary>Another may try again.</summary>
    public void EndRefresh() => Volatile.Write(ref _refreshing, 0);
}
