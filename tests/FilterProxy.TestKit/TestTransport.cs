namespace FilterProxy.TestKit;

/// <summary>How a test's clients reach the proxy.</summary>
public enum TestTransport
{
    /// <summary>TCP on loopback through Kestrel's sockets.</summary>
    Sockets,

    /// <summary>As <see cref="Sockets"/>, with TLS.</summary>
    Tls,

    /// <summary>TCP on loopback through the engine's own transport.</summary>
    Direct,

    /// <summary>As <see cref="Direct"/>, with TLS.</summary>
    DirectTls,

    /// <summary>Pipes in memory.</summary>
    Memory,

    /// <summary>HTTP/2 in the clear (prior knowledge) over the engine's own transport. What a client writes as HTTP/1 is translated.</summary>
    H2c,

    /// <summary>HTTP/2 over TLS (ALPN) and Kestrel's sockets, translated likewise.</summary>
    H2,
}
