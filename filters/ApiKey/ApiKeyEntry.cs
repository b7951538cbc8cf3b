namespace FilterProxy.Filters.ApiKey;

/// <summary>A key as it is written down: everything but the key.</summary>
public sealed record ApiKeyEntry
{
    /// <summary>What it is called in logs and views; unique.</summary>
    public string Id { get; init; } = "";

    /// <summary>SHA-256 of the key, `sha256:` and 64 hexadecimal digits; `filterproxy new_api_key` makes both.</summary>
    [Secret]
    public string Hash { get; init; } = "";

    /// <summary>Whose it is. Several keys may be one owner's: that is how they are changed.</summary>
    public string Owner { get; init; } = "";

    /// <summary>What it may be used for.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>When it begins to hold, e.g. `2030-01-31` or `2030-01-31T12:00:00Z`. Default: it does.</summary>
    public string? NotBefore { get; init; }

    /// <summary>When it ends. Default: never.</summary>
    public string? Expires { get; init; }

    /// <summary>More about its owner, e.g. `tenant: acme`: claims of the user, and metadata under `api_key`.</summary>
    public IReadOnlyDictionary<string, string> Claims { get; init; } = new Dictionary<string, string>();
}
