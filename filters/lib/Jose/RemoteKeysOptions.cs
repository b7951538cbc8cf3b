namespace FilterProxy.Filters.Jose;

/// <summary>When keys are fetched.</summary>
internal sealed record RemoteKeysOptions
{
    /// <summary>How old a set becomes before it is fetched anew.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The least time between two fetches that unknown keys ask for: tokens anybody can make up must not become a flood.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a set is used while no other can be fetched.</summary>
    public TimeSpan MaxStale { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long one fetch may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
