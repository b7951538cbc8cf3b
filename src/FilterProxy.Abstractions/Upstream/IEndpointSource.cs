using System.Net;

namespace FilterProxy;

/// <summary>Where a cluster's endpoints come from.</summary>
public interface IEndpointSource
{
    /// <summary>
    /// Yields full sets: the first as soon as it is known, then one per change. Starting waits a moment for the first, so one that
    /// has no endpoints yet yields an empty set. After an exception the last set stays and the source is asked again later. Endpoints are the same when their
    /// <see cref="DiscoveredEndpoint.Name"/> and address are: they keep their connections, counters and health.
    /// </summary>
    IAsyncEnumerable<IReadOnlyList<DiscoveredEndpoint>> WatchAsync(CancellationToken stop);
}

/// <summary>An endpoint as a source sees it.</summary>
/// <param name="Name">Unique in its cluster.</param>
/// <param name="Address">Where it is.</param>
public sealed record DiscoveredEndpoint(string Name, EndPoint Address)
{
    /// <summary>Share of the traffic relative to its siblings.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>0 is used first.</summary>
    public int Priority { get; init; }

    /// <summary>Free facts about it.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = EmptyLabels;

    private static readonly IReadOnlyDictionary<string, string> EmptyLabels = new Dictionary<string, string>();
}
