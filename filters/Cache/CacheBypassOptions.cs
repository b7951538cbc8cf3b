namespace FilterProxy.Filters.Cache;

/// <summary>Which requests pass by the cache.</summary>
public sealed record CacheBypassOptions
{
    /// <summary>Paths that begin with one of these, e.g. <c>/api/</c>.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>Requests with a cookie of one of these names.</summary>
    public IReadOnlyList<string> Cookies { get; init; } = [];

    /// <summary>Requests with one of these fields.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];
}
