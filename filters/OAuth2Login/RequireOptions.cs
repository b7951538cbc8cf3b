namespace FilterProxy.Filters.OAuth2Login;

/// <summary>What a session must have to pass; everything named must hold.</summary>
public sealed record RequireOptions
{
    /// <summary>Roles, one of which the user must have. Default: none are asked for.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>Scopes the access token must have, all of them. Default: none are asked for.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Values by claim, one of which the claim must have or contain. Default: none are asked for.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Claims { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}
