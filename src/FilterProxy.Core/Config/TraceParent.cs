namespace FilterProxy.Core.Config;

/// <summary>Whose decision on recording a trace is followed.</summary>
internal enum TraceParent
{
    /// <summary>That of trusted proxies.</summary>
    Trusted,

    /// <summary>That of every client.</summary>
    Any,

    /// <summary>Nobody's.</summary>
    None,
}
