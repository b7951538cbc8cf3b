namespace FilterProxy.Core.Config;

/// <summary>Changes a request before it is forwarded. Either path, or regex, or any of strip_prefix and add_prefix; host with each.</summary>
internal sealed record RewriteConfig
{
    /// <summary>Removes this from the front of the path. Default: nothing.</summary>
    public string? StripPrefix { get; init; }

    /// <summary>Puts this in front of the path, after stripping. Default: nothing.</summary>
    public string? AddPrefix { get; init; }

    /// <summary>Replaces the path, with the match's captures: <c>/oauth/api/{rest}</c>. Default: the path stays.</summary>
    public string? Path { get; init; }

    /// <summary>Replaces part of the path by a pattern. Default: nothing.</summary>
    public RegexRewriteConfig? Regex { get; init; }

    /// <summary>Replaces the Host the upstream gets; goes before the cluster's. Default: the cluster decides.</summary>
    public string? Host { get; init; }
}
