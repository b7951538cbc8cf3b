namespace FilterProxy.Filters.Cache;

/// <summary>Where and how much is kept on disk.</summary>
public sealed record CacheDiskOptions
{
    /// <summary>The folder, for this cache alone; made if it is not there. Relative to the configuration file's folder.</summary>
    public required string Path { get; init; }

    /// <summary>The most bytes of files. Default: 1GiB.</summary>
    public ByteSize Size { get; init; } = ByteSize.FromMiB(1024);
}
