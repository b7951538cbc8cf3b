namespace FilterProxy.Core.Clusters.Affinity;

/// <summary>When a cookie is for TLS only.</summary>
internal enum CookieSecure
{
    /// <summary>When the client came over TLS.</summary>
    Auto,

    /// <summary>Always: TLS ends before the proxy.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Which requests from other sites a cookie comes with.</summary>
internal enum CookieSameSite
{
    /// <summary>Those that navigate.</summary>
    Lax,

    /// <summary>None.</summary>
    Strict,

    /// <summary>All; needs TLS.</summary>
    None,
}

/// <summary>What a client gets whose endpoint is gone: removed, or unhealthy.</summary>
internal enum AffinityGone
{
    /// <summary>Another endpoint, to which it belongs from then on.</summary>
    Another,

    /// <summary>503: its session is where it cannot be had.</summary>
    Refuse,
}

/// <summary>How clients keep to the endpoint they began with.</summary>
/// <param name="Name">The cookie's or the header's name, in lower case for a header.</param>
/// <param name="IsCookie">Whether it is a cookie.</param>
/// <param name="Key">Signs what clients carry, so that they cannot choose their endpoint.</param>
/// <param name="Gone">What a client gets whose endpoint is gone.</param>
internal sealed record AffinityRules(string Name, bool IsCookie, byte[] Key, AffinityGone Gone)
{
    /// <summary>Attributes of the cookie but Secure, each with its <c>; </c>.</summary>
    public string Attributes { get; init; } = "";

    public CookieSecure Secure { get; init; }

    /// <summary>Tells clients apart instead of something they carry; null where they carry something.</summary>
    public Template? Hash { get; init; }
}
