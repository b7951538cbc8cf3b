namespace FilterProxy.Filters.Compression;

/// <summary>What responses can be compressed with (RFC 9110 §8.4.1).</summary>
public enum ContentCoding
{
    /// <summary>Brotli (RFC 7932).</summary>
    Br,

    /// <summary>gzip (RFC 1952).</summary>
    Gzip,
}
