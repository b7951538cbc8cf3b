namespace FilterProxy.Core.Telemetry;

/// <summary>Every limit and every timeout there is. What each is called and what it does to an exchange: <see cref="Limits"/>.</summary>
internal enum Limit : byte
{
    None,

    // What a client sends.
    RequestLine,
    RequestHead,
    HeaderCount,
    HeaderSize,
    RequestBody,
    RequestBodyRate,
    ResponseBodyRate,

    // How many.
    Connections,
    ConnectionsInAll,
    ConnectionsPerClient,
    RequestsPerConnection,
    Descriptors,
    TlsHandshakes,
    ControlFrames,

    // What is done about overload.
    OverloadShed,
    OverloadQueueSize,
    OverloadQueueTarget,
    OverloadQueueDeadline,
    OverloadClose,
    OverloadRefuse,

    // What an upstream sends, and how many connections to it.
    ResponseHead,
    PoolMax,
    MaxConnections,
    MaxRequests,
    EndpointRequests,
    MaxPending,
    RetryBudget,
    MaxRetries,
    CircuitBreaker,

    // Times the client is given.
    TlsHandshake,
    HeaderTimeout,
    IdleTimeout,
    BodyTimeout,
    WriteTimeout,
    UpgradeIdleTimeout,
    UpgradeDuration,
    ConnectionDuration,

    // Times the upstream is given.
    Connect,
    UpstreamHandshake,
    UpstreamResponse,
    UpstreamRead,
    UpstreamWrite,
    PerTry,
    PendingTimeout,

    // Times the exchange is given.
    RouteTotal,
    RouteIdle,
}
