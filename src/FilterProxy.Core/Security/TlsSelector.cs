using System.Net.Security;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Security;

/// <summary>Answers each ClientHello of a listener: the first certificate source that knows the name wins.</summary>
internal sealed class TlsSelector(IReadOnlyList<ICertificateSource> sources, TlsRules rules)
{
    /// <summary>How TLS is spoken.</summary>
    public TlsRules Rules => rules;

    /// <summary>The certificate sources, in order.</summary>
    public IReadOnlyList<ICertificateSource> Sources => sources;

    public async ValueTask<TlsSelection> SelectAsync(TlsClientHello hello, CancellationToken timeout)
    {
        if (hello.ApplicationProtocols.Count > 0 && rules.Protocols.Count > 0 && !SpeaksOneOf(hello.ApplicationProtocols))
        {
            return await AnswerChallengeAsync(hello, timeout);
        }

        var certificate = await FindAsync(hello.ServerName, timeout);
        if (certificate is null && hello.ServerName.Length > 0 && rules.UnknownNameGetsDefault)
        {
            certificate = await FindAsync("", timeout);
        }

        if (certificate is null)
        {
            return new TlsSelection(null, TlsResult.UnknownServerName);
        }

        var check = rules.Clients is null ? null : new ClientCertificateCheck(rules.Clients);
        return new TlsSelection(Options(certificate, rules.Protocols, check), Check: check);
    }

    private bool SpeaksOneOf(IReadOnlyList<SslApplicationProtocol> offered)
    {
        foreach (var protocol in offered)
        {
            if (rules.Protocols.Contains(protocol))
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<TlsSelection> AnswerChallengeAsync(TlsClientHello hello, CancellationToken timeout)
    {
        foreach (var source in sources)
        {
            if (await source.AnswerChallengeAsync(hello, timeout) is { } answer)
            {
                return new TlsSelection(Options(answer.Certificate, [answer.Protocol], null), IsChallenge: true);
            }
        }

        return new TlsSelection(null, TlsResult.NoApplicationProtocol);
    }

    private async ValueTask<SslStreamCertificateContext?> FindAsync(string name, CancellationToken timeout)
    {
        foreach (var source in sources)
        {
            if (await source.FindAsync(name, timeout) is { } certificate)
            {
                return certificate;
            }
        }

        return null;
    }

    private SslServerAuthenticationOptions Options(
        SslStreamCertificateContext certificate, List<SslApplicationProtocol> protocols, ClientCertificateCheck? check) => new()
    {
        ServerCertificateContext = certificate,
        ApplicationProtocols = protocols.Count == 0 ? null : protocols,
        EnabledSslProtocols = rules.Versions,
        CipherSuitesPolicy = rules.Ciphers,
        AllowRenegotiation = false,

        // A resumed session brings its client's certificate but not the chain below it, and outlives a change of what is trusted.
        AllowTlsResume = rules.Resumption && check is null,
        ClientCertificateRequired = check is not null,
        CertificateChainPolicy = check is null ? null : rules.Clients!.ChainPolicy(),
        RemoteCertificateValidationCallback = check is null ? null : check.Validate,
    };
}
