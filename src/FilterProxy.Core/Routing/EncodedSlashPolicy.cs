namespace FilterProxy.Core.Routing;

/// <summary>What <c>%2F</c> in a path means. Servers disagree, so it is a setting.</summary>
internal enum EncodedSlashPolicy : byte
{
    /// <summary>Data within a segment (RFC 3986 §2.2). Passed on as <c>%2F</c>.</summary>
    Keep,

    /// <summary>400, as for <c>%5C</c> and a bare backslash: everything some upstream takes for a slash.</summary>
    Reject,

    /// <summary>A slash, decoded before segments are told apart. A backslash is never one.</summary>
    Decode,
}
