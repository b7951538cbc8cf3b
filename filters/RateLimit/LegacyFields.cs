namespace FilterProxy.Filters.RateLimit;

/// <summary>The three fields of older clients: limit, remaining and seconds to reset.</summary>
public enum LegacyFields
{
    /// <summary>None.</summary>
    None,

    /// <summary>`RateLimit-Limit` and its sisters, of earlier drafts.</summary>
    Ratelimit,

    /// <summary>`X-RateLimit-Limit` and its sisters.</summary>
    XRatelimit,
}
