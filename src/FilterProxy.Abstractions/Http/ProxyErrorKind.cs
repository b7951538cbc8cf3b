namespace FilterProxy;

/// <summary>Expected ways for an exchange to fail. Each maps to one reply and one stable reason code, in one place.</summary>
public enum ProxyErrorKind : byte
{
    /// <summary>No error.</summary>
    None,

    /// <summary>The request was malformed or ambiguous. 400, and the connection closes.</summary>
    BadRequest,

    /// <summary>The request line was too long. 414.</summary>
    UriTooLong,

    /// <summary>The head had too many bytes or fields. 431.</summary>
    HeadTooLarge,

    /// <summary>The body was longer than allowed. 413.</summary>
    BodyTooLarge,

    /// <summary>The client was too slow with its head or body. 408.</summary>
    RequestTimeout,

    /// <summary>A method the engine refuses, such as CONNECT where it is not enabled. 405.</summary>
    MethodNotAllowed,

    /// <summary>A transfer coding or method the engine does not implement. 501.</summary>
    NotImplemented,

    /// <summary>An HTTP version the engine does not speak. 505.</summary>
    VersionNotSupported,

    /// <summary>An expectation the engine cannot meet. 417.</summary>
    ExpectationFailed,

    /// <summary>No route matched. 404.</summary>
    NoRoute,

    /// <summary>The cluster has no endpoint to try. 503.</summary>
    NoEndpoint,

    /// <summary>A limit on connections or requests was reached. 503.</summary>
    Overloaded,

    /// <summary>No connection to the upstream could be made. 502.</summary>
    ConnectFailed,

    /// <summary>Connecting to the upstream took too long. 504.</summary>
    ConnectTimeout,

    /// <summary>The upstream closed or reset the connection before a complete response head. 502.</summary>
    UpstreamClosed,

    /// <summary>The upstream did not answer in time. 504.</summary>
    UpstreamTimeout,

    /// <summary>The upstream's response was malformed or ambiguous. 502.</summary>
    BadResponse,

    /// <summary>The upstream's body ended early or broke framing after the head went down: the response is cut.</summary>
    UpstreamBodyFailed,

    /// <summary>The whole exchange took longer than its route allows. 504.</summary>
    RouteTimeout,

    /// <summary>The client went away. Nothing is sent.</summary>
    DownstreamClosed,

    /// <summary>A filter threw or broke its contract. 500.</summary>
    FilterFailed,

    /// <summary>A bug in the engine. 500.</summary>
    Internal,

    /// <summary>The cluster's circuit breaker is open: nothing was sent. 503.</summary>
    CircuitOpen,
}
