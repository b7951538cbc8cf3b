namespace FilterProxy.Core.Config;

/// <summary>What is followed by another attempt.</summary>
internal enum RetryCondition
{
    /// <summary>No connection could be made.</summary>
    ConnectFailure,

    /// <summary>The connection broke before the response head.</summary>
    Reset,

    /// <summary>The attempt took longer than per_try_timeout.</summary>
    Timeout,

    /// <summary>The endpoint refused the stream (HTTP/2).</summary>
    RefusedStream,

    /// <summary>502, 503, 504 and all before.</summary>
    GatewayError,

    /// <summary>500 and above and all before.</summary>
    ServerError,
}
