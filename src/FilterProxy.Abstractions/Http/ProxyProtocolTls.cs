namespace FilterProxy;

/// <summary>What a PROXY protocol header tells of the TLS that ended at its sender. Texts it did not send are empty.</summary>
/// <param name="IsTls">Whether the client came over TLS.</param>
/// <param name="HasClientCertificate">Whether the client showed a certificate, on this connection or earlier in the same TLS session.</param>
/// <param name="IsVerified">Whether it showed one and the sender verified it.</param>
/// <param name="Version">The TLS version as the sender writes it, e.g. <c>TLSv1.3</c>.</param>
/// <param name="CommonName">The common name in the client's certificate.</param>
/// <param name="Cipher">The cipher suite.</param>
/// <param name="SignatureAlgorithm">What signed the sender's own certificate.</param>
/// <param name="KeyAlgorithm">The key of the sender's own certificate.</param>
public sealed record ProxyProtocolTls(
    bool IsTls,
    bool HasClientCertificate,
    bool IsVerified,
    string Version = "",
    string CommonName = "",
    string Cipher = "",
    string SignatureAlgorithm = "",
    string KeyAlgorithm = "");
