namespace FilterProxy.Core.Routing;

/// <summary>The form a <see cref="PathPattern"/> is written in.</summary>
internal enum PathPatternKind : byte
{
    /// <summary><c>/exact</c></summary>
    Exact,

    /// <summary><c>/prefix/*</c>, also with parameters before the star.</summary>
    Prefix,

    /// <summary><c>/users/{id}</c>, <c>/files/{rest*}</c></summary>
    Template,

    /// <summary><c>~ ^/regex$</c></summary>
    Regex,
}
