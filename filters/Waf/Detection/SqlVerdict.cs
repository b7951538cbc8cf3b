namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What is known after a token.</summary>
internal enum SqlVerdict : byte
{
    /// <summary>The tokens so far could be SQL; they are no attack yet.</summary>
    Continue,

    Injection,

    /// <summary>No statement goes on like this: it is not SQL.</summary>
    Harmless,
}
