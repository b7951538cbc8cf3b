namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>Who may show a page in a frame (RFC 7034).</summary>
public enum FramePolicy
{
    /// <summary>Nothing is said.</summary>
    Off,

    /// <summary>Nobody.</summary>
    Deny,

    /// <summary>Pages of the same origin.</summary>
    SameOrigin,
}
