namespace FilterProxy.Core.Config;

/// <summary>What is done about paths that are not in normal form (RFC 3986 section 6.2.2).</summary>
internal enum PathNormalization
{
    /// <summary>They are brought into it.</summary>
    Normalize,

    /// <summary>The request gets 400.</summary>
    Reject,

    /// <summary>They are left as they are.</summary>
    Raw,
}
