using System.Net.Security;

namespace FilterProxy;

/// <summary>Finds the certificate for a TLS server name. Asked at each handshake, so certificates change without a rebind.</summary>
public interface ICertificateSource
{
    /// <summary>The certificate and its chain, or null to let the next source answer.</summary>
    /// <param name="serverName">The name in the ClientHello; empty when it had none.</param>
    /// <param name="timeout">Cancelled when the handshake's deadline passes.</param>
    ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout);
}
