namespace FilterProxy.Core.Config;

/// <summary>What a listener speaks.</summary>
internal enum ListenerProtocol
{
    /// <summary>HTTP/1.1 and 1.0.</summary>
    Http1,

    /// <summary>HTTP/2: by ALPN over TLS, with prior knowledge in the clear.</summary>
    Http2,

    /// <summary>HTTP/3, where the platform has QUIC.</summary>
    Http3,
}
