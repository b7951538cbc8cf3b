namespace FilterProxy.Filters.StaticFiles;

/// <summary>How a file beside the plain one is encoded.</summary>
public enum PrecompressedCoding
{
    /// <summary>Brotli, in <c>.br</c>.</summary>
    Br,

    /// <summary>gzip, in <c>.gz</c>.</summary>
    Gzip,
}
