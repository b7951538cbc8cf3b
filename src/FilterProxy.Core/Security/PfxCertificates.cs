using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>A certificate with its key and intermediates from one PKCS#12 file (.pfx, .p12).</summary>
[Component("pfx")]
internal sealed class PfxCertificates : ICertificateSource
{
    private readonly CertificateIndex _index = new();

    public PfxCertificates(PfxCertificatesOptions options, ComponentContext context)
    {
        var files = new CertificateFiles(new CertificateFileRules(options.Password, options.KeyPermissions, options.OcspStapling), context);
        var certificate = files.FromPfx(context.UseFile(options.Path));
        _index.Add(certificate, options.Hosts);
        _index.Default = options.Default ? certificate : null;
    }

    public IReadOnlyCollection<X509Certificate2> Certificates => _index.Certificates;

    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) => new(_index.Find(serverName));
}
