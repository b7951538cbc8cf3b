namespace FilterProxy.Filters.OAuth2Login;

/// <summary>How the proxy proves to the provider which client it is (OpenID Connect Core §9).</summary>
public enum ClientAuthentication
{
    /// <summary>With the secret where there is one, else not at all.</summary>
    Auto,

    /// <summary>The secret in the Authorization field.</summary>
    Basic,

    /// <summary>The secret in the body.</summary>
    Post,

    /// <summary>Not at all: a public client, which PKCE alone protects.</summary>
    None,
}
