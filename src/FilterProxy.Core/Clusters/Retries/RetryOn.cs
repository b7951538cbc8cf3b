namespace FilterProxy.Core.Clusters.Retries;

/// <summary>What an attempt may end with that is followed by another.</summary>
[Flags]
internal enum RetryOn
{
    None = 0,

    /// <summary>No connection: nothing was sent, so that it holds for every method.</summary>
    ConnectFailure = 1,

    /// <summary>The connection broke before a complete response head.</summary>
    Reset = 2,

    /// <summary>The attempt took longer than per_try_timeout.</summary>
    Timeout = 4,

    /// <summary>The endpoint says that it did nothing with the request (HTTP/2): holds for every method.</summary>
    RefusedStream = 8,

    /// <summary>Status 502, 503 or 504, and all of the above.</summary>
    GatewayError = 16 | ConnectFailure | Reset | Timeout | RefusedStream,

    /// <summary>Status 500 and above, and all of the above.</summary>
    ServerError = 32 | GatewayError,
}
