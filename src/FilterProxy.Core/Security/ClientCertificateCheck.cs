using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Security;

/// <summary>Judges the certificate of one handshake, and keeps why it was refused: the library tells nobody.</summary>
internal sealed class ClientCertificateCheck(ClientCertificateRules rules)
{
    private const int LongestName = 200;

    /// <summary>Why the handshake failed, as far as the certificate is to blame.</summary>
    public TlsResult Refusal { get; private set; }

    /// <summary>More about it, for the log.</summary>
    public string Detail { get; private set; } = "";

    /// <summary>What is refused here fails the handshake.</summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return !rules.Required || Refuse(TlsResult.ClientCertificateMissing, "no certificate was shown");
        }

        // The name is the client's own business; everything else must be right.
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None || chain is null)
        {
            return Refuse(certificate, chain?.ChainStatus is [var first, ..] ? first.Status.ToString() : errors.ToString());
        }

        // The client's own and the trusted one are not counted.
        if (chain.ChainElements.Count - 2 > rules.VerifyDepth)
        {
            return Refuse(certificate, "its chain is longer than verify_depth");
        }

        return rules.Revoked?.Holds(chain.ChainElements, rules.Time.GetUtcNow()) != false
            || Refuse(certificate, "it is revoked, or no list in date covers it");
    }

    // Whoever made it chose its name, line breaks and all.
    private bool Refuse(X509Certificate certificate, string why) => Refuse(
        TlsResult.ClientCertificateRefused, $"'{string.Concat(certificate.Subject.Take(LongestName).Select(c => char.IsControl(c) ? '?' : c))}': {why}");

    private bool Refuse(TlsResult result, string detail)
    {
        (Refusal, Detail) = (result, detail);
        return false;
    }
}
