namespace FilterProxy.Filters.RateLimit;

/// <summary>How a limit counts.</summary>
public enum RateAlgorithm
{
    /// <summary>A bucket of `burst` requests that fills again at the rate.</summary>
    TokenBucket,

    /// <summary>A queue of `burst` requests that are let out at the rate: requests wait rather than being refused.</summary>
    LeakyBucket,

    /// <summary>As many requests as the rate says in each window; a window begins with a client's first request.</summary>
    FixedWindow,

    /// <summary>As many requests as the rate says in any window, told from two counters: exact but for the spread of requests within the last window.</summary>
    SlidingWindow,

    /// <summary>As many requests as the rate says in any window, exactly: the time of each is kept.</summary>
    SlidingLog,

    /// <summary>The generic cell rate algorithm: requests at even distances, `burst` of them earlier than that.</summary>
    Gcra,
}
