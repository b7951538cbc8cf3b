namespace FilterProxy.Filters.OAuth2Login;

/// <summary>When the session's cookie goes with a request from another site.</summary>
public enum SameSitePolicy
{
    /// <summary>When a link is followed.</summary>
    Lax,

    /// <summary>Never: who comes from a link elsewhere is sent to the provider once more.</summary>
    Strict,

    /// <summary>Always.</summary>
    None,
}
