namespace FilterProxy.Filters.ProtocolSniffer;

/// <summary>What a client can be found to speak.</summary>
public enum SniffedProtocol
{
    /// <summary>Something else.</summary>
    Unknown,

    /// <summary>HTTP/1.</summary>
    Http1,

    /// <summary>HTTP/2 in the clear, with prior knowledge.</summary>
    H2c,

    /// <summary>TLS.</summary>
    Tls,

    /// <summary>SSH.</summary>
    Ssh,
}
