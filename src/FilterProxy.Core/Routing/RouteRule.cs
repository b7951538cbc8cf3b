namespace FilterProxy.Core.Routing;

/// <summary>One entry of a <see cref="RouteTable{T}"/>. What a list leaves empty matches everything.</summary>
internal sealed record RouteRule<T>
{
    public required string Name { get; init; }

    public required T Value { get; init; }

    public IReadOnlyList<HostPattern> Hosts { get; init; } = [];

    public IReadOnlyList<PathPattern> Paths { get; init; } = [];

    public IReadOnlyList<string> Methods { get; init; } = [];

    public IReadOnlyList<HeaderCondition> Headers { get; init; } = [];

    public IReadOnlyList<QueryCondition> Query { get; init; } = [];

    public IReadOnlyList<string> Listeners { get; init; } = [];

    /// <summary>Its place in the configuration, which decides between equals; the lower one wins.</summary>
    public int Order { get; init; }
}
