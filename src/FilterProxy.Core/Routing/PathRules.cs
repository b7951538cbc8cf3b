namespace FilterProxy.Core.Routing;

/// <summary>The settings of <see cref="PathNormalizer"/>.</summary>
internal sealed record PathRules(
    PathPolicy Policy = PathPolicy.Normalize,
    bool MergeSlashes = true,
    EncodedSlashPolicy EncodedSlashes = EncodedSlashPolicy.Keep)
{
    public static PathRules Default { get; } = new();
}
