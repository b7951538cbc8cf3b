namespace FilterProxy.Filters.Cache;

/// <summary>What becomes of a response with Set-Cookie.</summary>
public enum SetCookiePolicy
{
    /// <summary>It is not kept.</summary>
    Skip,

    /// <summary>It is kept without the field.</summary>
    Strip,

    /// <summary>It is kept as it is: what one client was sent goes to others.</summary>
    Store,
}
