namespace FilterProxy.Core.Config;

/// <summary>What a header or query parameter must be: a text it must equal, or exactly one of the rules below.</summary>
internal sealed record ValueMatchConfig
{
    /// <summary>It must equal this.</summary>
    public string? Exact { get; init; }

    /// <summary>It must begin with this.</summary>
    public string? Prefix { get; init; }

    /// <summary>This regular expression must match all of it. Runs without backtracking: no look-around, no back-references.</summary>
    public string? Regex { get; init; }

    /// <summary>true: it must be there; false: it must not.</summary>
    public bool? Present { get; init; }

    /// <summary>Reads the short form, a text to equal.</summary>
    public static bool TryParse(string text, out ValueMatchConfig match, out string error)
    {
        match = new ValueMatchConfig { Exact = text };
        error = "";
        return true;
    }
}
