namespace FilterProxy.Core.Config;

/// <summary>What requests and relays get that a cluster does not take: no endpoint, a limit, an open breaker. Exactly one of cluster and respond.</summary>
internal sealed record FallbackConfig
{
    /// <summary>They go to this cluster.</summary>
    public string? Cluster { get; init; }

    /// <summary>They get this answer; relays of bytes get none.</summary>
    public RespondConfig? Respond { get; init; }
}
