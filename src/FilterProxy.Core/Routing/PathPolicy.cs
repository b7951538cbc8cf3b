namespace FilterProxy.Core.Routing;

/// <summary>What happens to the request path before routes match it and the upstream gets it.</summary>
internal enum PathPolicy : byte
{
    /// <summary>Rewrite it to its one normal form.</summary>
    Normalize,

    /// <summary>Refuse every path that is not in normal form.</summary>
    Reject,

    /// <summary>Leave it alone. Routes then match spellings, not resources: no path rule is a protection.</summary>
    Raw,
}
