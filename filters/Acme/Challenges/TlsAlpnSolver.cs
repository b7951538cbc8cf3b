using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace FilterProxy.Filters.Acme.Challenges;

/// <summary>tls-alpn-01 (RFC 8737): the proof is in a self-signed certificate that only the CA's own handshake gets to see.</summary>
internal sealed class TlsAlpnSolver(ChallengeBoard board, TimeProvider time) : IChallengeSolver
{
    /// <summary>The protocol that handshake asks for.</summary>
    public static readonly SslApplicationProtocol Protocol = new("acme-tls/1");

    // RFC 8737 §6.1: id-pe-acmeIdentifier.
    private static readonly Oid Identifier = new("1.3.6.1.5.5.7.1.31");

    public Task PresentAsync(string name, string token, string authorization, CancellationToken stop)
    {
        board.ShowTls(name, Create(name, authorization));
        return Task.CompletedTask;
    }

    public Task RemoveAsync(string name, string token, string authorization)
    {
        board.RemoveTls(name);
        return Task.CompletedTask;
    }

    private SslStreamCertificateContext Create(string name, string authorization)
    {
        var proof = new AsnWriter(AsnEncodingRules.DER);
        proof.WriteOctetString(SHA256.HashData(Encoding.ASCII.GetBytes(authorization)));
        return SelfSigned.Create(name, time, new X509Extension(Identifier, proof.Encode(), critical: true));
    }
}
