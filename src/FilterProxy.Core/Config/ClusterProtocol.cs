namespace FilterProxy.Core.Config;

/// <summary>What is spoken to a cluster's endpoints.</summary>
internal enum ClusterProtocol
{
    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 over TLS, agreed on by ALPN.</summary>
    H2,

    /// <summary>HTTP/2 in the clear, with prior knowledge.</summary>
    H2c,

    /// <summary>Over TLS what ALPN chooses, in the clear HTTP/1.1.</summary>
    Auto,
}
