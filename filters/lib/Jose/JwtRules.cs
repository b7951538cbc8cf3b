namespace FilterProxy.Filters.Jose;

/// <summary>What a token (RFC 7519) must be like besides rightly signed.</summary>
internal sealed record JwtRules
{
    /// <summary>Who must have made it, compared byte for byte; null takes any, also none.</summary>
    public string? Issuer { get; init; }

    /// <summary>Whom it may be for: one of its audiences must be among these. Empty takes any.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>The algorithms that are believed, as a set of <see cref="JwsAlgorithms"/>.</summary>
    public int Algorithms { get; init; } = JwsAlgorithms.Asymmetric;

    /// <summary>What its <c>typ</c> may be, in lower case without <c>application/</c>; the empty one allows none. Empty takes any.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>How far two clocks may be apart.</summary>
    public TimeSpan Skew { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether it must say when it ends.</summary>
    public bool MustExpire { get; init; } = true;

    /// <summary>The most time since it was made (<c>iat</c>); null for any.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>The <c>nonce</c> it must have (OpenID Connect Core §3.1.3.7); null for any.</summary>
    public string? Nonce { get; init; }

    /// <summary>The most bytes of a token.</summary>
    public int Longest { get; init; } = 8 * 1024;
}
