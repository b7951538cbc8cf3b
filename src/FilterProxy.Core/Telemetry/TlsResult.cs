namespace FilterProxy.Core.Telemetry;

/// <summary>What became of a TLS handshake. In snake case it is the metric's tag and the log's reason.</summary>
internal enum TlsResult : byte
{
    Ok,

    /// <summary>It took too long.</summary>
    Timeout,

    /// <summary>Too many were under way.</summary>
    TooMany,

    /// <summary>The client left in the middle of it.</summary>
    Closed,

    /// <summary>A request in plain text.</summary>
    PlainHttp,

    /// <summary>Neither TLS nor HTTP.</summary>
    NotTls,

    /// <summary>A ClientHello that cannot be read.</summary>
    MalformedHello,

    /// <summary>No certificate for the name.</summary>
    UnknownServerName,

    /// <summary>A certificate source failed.</summary>
    SourceFailed,

    NoApplicationProtocol,

    UnsupportedVersion,

    NoSharedCipher,

    /// <summary>The client must show a certificate and has not.</summary>
    ClientCertificateMissing,

    /// <summary>It showed one that does not hold.</summary>
    ClientCertificateRefused,

    /// <summary>The client broke it off with an alert: it does not trust the certificate, for one.</summary>
    ClientAlert,

    /// <summary>Anything else the client did that TLS forbids.</summary>
    ProtocolError,
}
