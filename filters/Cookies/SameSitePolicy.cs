namespace FilterProxy.Filters.Cookies;

/// <summary>When a cookie goes with a request from another site.</summary>
public enum SameSitePolicy
{
    /// <summary>As the upstream says.</summary>
    Keep,

    /// <summary>Never.</summary>
    Strict,

    /// <summary>When a link is followed.</summary>
    Lax,

    /// <summary>Always; such cookies must be Secure.</summary>
    None,
}
