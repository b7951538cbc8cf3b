namespace FilterProxy.Core.Config;

/// <summary>Replaces part of a path by a pattern.</summary>
internal sealed record RegexRewriteConfig
{
    /// <summary>What to look for. Runs without backtracking: no look-around, no back-references.</summary>
    public required string Pattern { get; init; }

    /// <summary>What to put there; <c>$1</c> is the first group.</summary>
    public required string Replacement { get; init; }
}
