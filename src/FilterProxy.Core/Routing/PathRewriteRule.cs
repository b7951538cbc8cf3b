namespace FilterProxy.Core.Routing;

/// <summary>
/// What a route's <see cref="PathRewrite"/> is compiled from: at most one of <see cref="StripPrefix"/>, <see cref="Template"/>
/// and <see cref="Pattern"/>, after which <see cref="AddPrefix"/> is put in front.
/// </summary>
internal sealed record PathRewriteRule
{
    /// <summary>
    /// Taken off when the path begins with it on a segment boundary: <c>/api</c> leaves <c>/</c> of <c>/api</c>, and <c>/apix</c>
    /// alone.
    /// </summary>
    public string? StripPrefix { get; init; }

    /// <summary>Put in front.</summary>
    public string? AddPrefix { get; init; }

    /// <summary>Replaces the path: <c>/new/{id}/{rest}</c>, from the captures of the route's path.</summary>
    public string? Template { get; init; }

    /// <summary>A regular expression; every match in the path is replaced by <see cref="Replacement"/>.</summary>
    public string? Pattern { get; init; }

    /// <summary>What replaces a match; <c>$1</c> or <c>${name}</c> stands for a group.</summary>
    public string? Replacement { get; init; }
}
