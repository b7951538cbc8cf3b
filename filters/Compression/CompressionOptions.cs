using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Compression;

/// <summary>Options of <see cref="CompressionFilter"/>.</summary>
public sealed record CompressionOptions
{
    /// <summary>The encodings offered; the first is taken of those the client likes equally. Default: br, gzip.</summary>
    public IReadOnlyList<ContentCoding> Encodings { get; init; } = [ContentCoding.Br, ContentCoding.Gzip];

    /// <summary>A body known to be shorter is sent as it is. Default: 256.</summary>
    public ByteSize MinSize { get; init; } = new(256);

    /// <summary>
    /// Media types that are compressed; a star stands for one half, or for what comes before a suffix. Default: text/*, application/json,
    /// application/javascript, application/xml, application/wasm, application/manifest+json, *+json, *+xml, font/ttf, font/otf.
    /// </summary>
    public IReadOnlyList<string> Types { get; init; } =
    [
        "text/*", "application/json", "application/javascript", "application/xml", "application/wasm", "application/manifest+json", "*+json",
        "*+xml", "font/ttf", "font/otf",
    ];

    /// <summary>How hard gzip tries, from 1 to 9. Default: 5.</summary>
    [Range(1, 9, ErrorMessage = "must be between 1 and 9")]
    public int GzipLevel { get; init; } = 5;

    /// <summary>How hard Brotli tries, from 0 to 11. Default: 4.</summary>
    [Range(0, 11, ErrorMessage = "must be between 0 and 11")]
    public int BrotliQuality { get; init; } = 4;

    /// <summary>Whether request bodies in gzip, deflate or br reach the upstream as they were before. Such a body is held in memory. Default: false.</summary>
    public bool DecompressRequest { get; init; }

    /// <summary>The longest request body, compressed or not; over it the answer is 413. Default: 8MiB.</summary>
    public ByteSize MaxRequestBody { get; init; } = ByteSize.FromMiB(8);

    /// <summary>How many times longer than it came a request body may become; over it the answer is 413. Default: 200.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int MaxRequestRatio { get; init; } = 200;
}
