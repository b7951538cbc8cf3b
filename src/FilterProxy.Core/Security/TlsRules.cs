using System.Net.Security;
using System.Security.Authentication;

namespace FilterProxy.Core.Security;

/// <summary>How TLS is spoken on a listener, whatever the certificate.</summary>
internal sealed record TlsRules
{
    public SslProtocols Versions { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Cipher suites; null for the platform's.</summary>
    public CipherSuitesPolicy? Ciphers { get; init; }

    /// <summary>What is spoken inside, the preferred first.</summary>
    public List<SslApplicationProtocol> Protocols { get; init; } = [SslApplicationProtocol.Http11];

    /// <summary>Whether clients may come back with a session ticket.</summary>
    public bool Resumption { get; init; } = true;

    /// <summary>Whether a name without a certificate gets the default's.</summary>
    public bool UnknownNameGetsDefault { get; init; } = true;

    /// <summary>Which clients must show a certificate; null asks none for one.</summary>
    public ClientCertificateRules? Clients { get; init; }
}
