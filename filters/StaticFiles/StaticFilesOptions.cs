namespace FilterProxy.Filters.StaticFiles;

/// <summary>Options of <see cref="StaticFilesFilter"/>.</summary>
public sealed record StaticFilesOptions
{
    /// <summary>The folder; nothing outside of it is ever sent. Relative to the configuration file's folder.</summary>
    public required string Root { get; init; }

    /// <summary>What paths begin with, and what is taken off before the rest is looked up, e.g. <c>/assets</c>. Default: none.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>The files that stand for a folder, the first that is there. Default: index.html.</summary>
    public IReadOnlyList<string> Index { get; init; } = ["index.html"];

    /// <summary>The file sent for a path without a dot in its last part that is not there: the page of an app that routes by itself. Default: none.</summary>
    public string Fallback { get; init; } = "";

    /// <summary>What becomes of a request for what is not there: not_found answers 404, next leaves it to the route. Default: not_found.</summary>
    public MissingFile Missing { get; init; } = MissingFile.NotFound;

    /// <summary>The encodings of files that lie beside the plain one as .br and .gz, and are sent where the client accepts it. Default: none.</summary>
    public IReadOnlyList<PrecompressedCoding> Precompressed { get; init; } = [];

    /// <summary>Whether a folder without an index shows what is in it. Default: false.</summary>
    public bool Listing { get; init; }

    /// <summary>Which symbolic links are followed: inside those that lead to somewhere in the root, never, or always. Default: inside.</summary>
    public SymlinkPolicy Symlinks { get; init; } = SymlinkPolicy.Inside;

    /// <summary>Cache-Control of what is sent. Default: none.</summary>
    public string CacheControl { get; init; } = "";

    /// <summary>Content types by extension, besides those that are known, e.g. <c>glb: model/gltf-binary</c>.</summary>
    public IReadOnlyDictionary<string, string> Types { get; init; } = new Dictionary<string, string>();
}
