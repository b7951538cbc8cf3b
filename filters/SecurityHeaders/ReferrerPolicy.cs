namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>What requests tell about the page they come from (W3C Referrer Policy).</summary>
public enum ReferrerPolicy
{
    /// <summary>Nothing is said.</summary>
    Off,

    /// <summary>Nothing.</summary>
    NoReferrer,

    /// <summary>Everything, but nothing from https to http.</summary>
    NoReferrerWhenDowngrade,

    /// <summary>The origin.</summary>
    Origin,

    /// <summary>The address to the same origin, the origin to others.</summary>
    OriginWhenCrossOrigin,

    /// <summary>The address to the same origin, nothing to others.</summary>
    SameOrigin,

    /// <summary>The origin, but nothing from https to http.</summary>
    StrictOrigin,

    /// <summary>The address to the same origin, the origin to others, nothing from https to http.</summary>
    StrictOriginWhenCrossOrigin,

    /// <summary>The address, to anyone.</summary>
    UnsafeUrl,
}
