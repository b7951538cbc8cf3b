using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>Which certificates of clients hold.</summary>
/// <param name="Trust">The only ones that may have signed them, at the end of their chain.</param>
/// <param name="Intermediates">Further certificates a chain may go through.</param>
/// <param name="Time">The clock.</param>
internal sealed record ClientCertificateRules(X509Certificate2Collection Trust, X509Certificate2Collection Intermediates, TimeProvider Time)
{
    /// <summary>Whether a client without one is refused.</summary>
    public bool Required { get; init; } = true;

    /// <summary>Certificates between the client's and the trusted one, at the most.</summary>
    public int VerifyDepth { get; init; } = 3;

    /// <summary>What is revoked; null checks nothing.</summary>
    public RevocationLists? Revoked { get; init; }

    /// <summary>How a chain is built: from what is given and sent alone. Nothing is fetched while a handshake waits.</summary>
    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Trust);
        policy.ExtraStore.AddRange(Intermediates);
        return policy;
    }

    /// <summary>Judges what a client showed. What is refused here fails the handshake.</summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return !Required;
        }

        // The name is the client's own business; everything else must be right.
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None || chain is null)
        {
            return false;
        }

        // The client's own and the trusted one are not counted.
        return chain.ChainElements.Count - 2 <= VerifyDepth && Revoked?.Holds(chain.ChainElements, Time.GetUtcNow()) != false;
    }
}
