using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;

namespace FilterProxy.ScenarioTests.Tls;

/// <summary>A certificate source that has none, and answers one kind of challenge (RFC 8737).</summary>
[Component("challenge")]
internal sealed class ChallengeSource : ICertificateSource, IDisposable
{
    public const string Protocol = "acme-tls/1";

    private readonly TestCertificate _files = new("challenge.example");
    private readonly SslStreamCertificateContext _certificate;

    public ChallengeSource()
    {
        using var pem = X509Certificate2.CreateFromPemFile(_files.CertPath, _files.KeyPath);
        _certificate = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null), null, offline: true);
    }

    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) =>
        serverName == "broken.example" ? throw new InvalidOperationException("out of order") : default;

    public ValueTask<TlsChallengeAnswer?> AnswerChallengeAsync(TlsClientHello hello, CancellationToken timeout) => new(
        hello.ServerName == "first.example" && hello.ApplicationProtocols is [var only] && only == new SslApplicationProtocol(Protocol)
            ? new TlsChallengeAnswer(_certificate, only)
            : null);

    public void Dispose() => _files.Dispose();
}
