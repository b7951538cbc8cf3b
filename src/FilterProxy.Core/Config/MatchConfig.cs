using System.Collections.ObjectModel;

namespace FilterProxy.Core.Config;

/// <summary>Which requests a route takes: those for which everything written here holds.</summary>
internal sealed record MatchConfig
{
    /// <summary>One or more hosts, any of which must fit: <c>example.com</c>, <c>*.example.com</c>. Default: any host.</summary>
    public IReadOnlyList<string> Host { get; init; } = [];

    /// <summary>One or more path patterns, any of which must fit: <c>/login</c>, <c>/admin/*</c>, <c>/users/{id}</c>. Default: any path.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Methods, any of which must fit, e.g. <c>[GET, HEAD]</c>; case-sensitive. Default: any method.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Headers that must all fit, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, ValueMatchConfig> Headers { get; init; } = ReadOnlyDictionary<string, ValueMatchConfig>.Empty;

    /// <summary>Query parameters that must all fit, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, ValueMatchConfig> Query { get; init; } = ReadOnlyDictionary<string, ValueMatchConfig>.Empty;

    /// <summary>Names of the listeners it holds for. Default: all.</summary>
    public IReadOnlyList<string> Listeners { get; init; } = [];
}
