namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>What became of the first bytes of a connection.</summary>
internal enum HeaderStatus
{
    /// <summary>They may become a header.</summary>
    NeedMore,

    /// <summary>A whole header.</summary>
    Complete,

    /// <summary>They are something else.</summary>
    NoHeader,

    /// <summary>They begin as a header does, and are none.</summary>
    Malformed,

    /// <summary>A header longer than is allowed.</summary>
    TooLarge,
}
