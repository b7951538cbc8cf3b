using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy;

/// <summary>Finds the certificate for a TLS server name. Asked at each handshake, so certificates change without a rebind.</summary>
public interface ICertificateSource
{
    /// <summary>The certificate and its chain, or null to let the next source answer. Called from many handshakes at once.</summary>
    /// <param name="serverName">
    /// The name in the ClientHello. Empty asks for the source's default: for a client that sent no name, and for a name that no source
    /// knows.
    /// </param>
    /// <param name="timeout">Cancelled when the handshake's deadline passes.</param>
    ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout);

    /// <summary>
    /// Answers a client that speaks none of the listener's protocols, such as one that validates an ACME challenge (RFC 8737). Asked
    /// only when the ClientHello offers application protocols of which the listener speaks none, of every source in order, before
    /// any certificate is looked for. Null, as by default, to let the next source answer; when none does, the handshake fails with
    /// the alert <c>no_application_protocol</c>.
    /// </summary>
    /// <param name="hello">What the client said.</param>
    /// <param name="timeout">Cancelled when the handshake's deadline passes.</param>
    ValueTask<TlsChallengeAnswer?> AnswerChallengeAsync(TlsClientHello hello, CancellationToken timeout) => default;

    /// <summary>
    /// The certificates it serves at present, whose expiry is measured and warned of. Read now and then, from any thread. Default: none.
    /// </summary>
    IReadOnlyCollection<X509Certificate2> Certificates => [];
}
