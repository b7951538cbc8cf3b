namespace FilterProxy.Core.Clusters.Breaking;

/// <summary>What a circuit breaker does with requests.</summary>
internal enum BreakerState
{
    /// <summary>Lets them pass.</summary>
    Closed,

    /// <summary>Refuses them.</summary>
    Open,

    /// <summary>Lets a few pass, to see.</summary>
    HalfOpen,
}
