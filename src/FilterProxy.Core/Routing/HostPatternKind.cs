namespace FilterProxy.Core.Routing;

/// <summary>How much of a host a <see cref="HostPattern"/> fixes; the least specific first.</summary>
internal enum HostPatternKind : byte
{
    /// <summary><c>*</c></summary>
    Any,

    /// <summary><c>*.example.com</c></summary>
    Wildcard,

    /// <summary><c>example.com</c></summary>
    Exact,
}
