namespace FilterProxy.Core.Config;

/// <summary>How a request's path is made unambiguous before routing, so that a route and its upstream read it alike.</summary>
internal sealed record PathConfig
{
    /// <summary>
    /// What is done about dot segments and needlessly encoded characters: <c>normalize</c> (RFC 3986 section 6.2.2), <c>reject</c>
    /// (400 when normalizing would change the path) or <c>raw</c> (nothing; for upstreams that need every byte). Default: normalize.
    /// </summary>
    public PathNormalization Normalization { get; init; } = PathNormalization.Normalize;

    /// <summary>Reads <c>//</c> as <c>/</c>. Default: true.</summary>
    public bool MergeSlashes { get; init; } = true;

    /// <summary>
    /// What is done about <c>%2F</c> and <c>%5C</c>: <c>keep</c> (as written, no separator), <c>reject</c> (400) or <c>decode</c>
    /// (it becomes a separator before routing). Default: keep.
    /// </summary>
    public EncodedSlashes EncodedSlashes { get; init; } = EncodedSlashes.Keep;
}
