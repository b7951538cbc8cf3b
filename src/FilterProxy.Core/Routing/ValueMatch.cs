namespace FilterProxy.Core.Routing;

/// <summary>The ways a <see cref="ValueMatcher"/> looks at a value.</summary>
internal enum ValueMatch : byte
{
    Exact,
    Prefix,
    Regex,
    AnyOf,
    Present,
    Absent,
}
