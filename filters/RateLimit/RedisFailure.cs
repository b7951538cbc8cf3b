namespace FilterProxy.Filters.RateLimit;

/// <summary>What holds while redis gives no answer.</summary>
public enum RedisFailure
{
    /// <summary>This instance's share of each limit, `1/instances`, counted here.</summary>
    Local,

    /// <summary>Every request is refused.</summary>
    Refuse,

    /// <summary>What this instance has counted itself, against the whole limit.</summary>
    Whole,
}
