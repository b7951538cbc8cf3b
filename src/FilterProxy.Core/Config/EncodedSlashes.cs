namespace FilterProxy.Core.Config;

/// <summary>What is done about percent-encoded slashes and backslashes in a path.</summary>
internal enum EncodedSlashes
{
    /// <summary>They stay as written and separate nothing.</summary>
    Keep,

    /// <summary>The request gets 400.</summary>
    Reject,

    /// <summary>They become separators before routing.</summary>
    Decode,
}
