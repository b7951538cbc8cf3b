using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Core.Security;

/// <summary>A certificate and key from PEM files, for the names in the certificate or those listed.</summary>
[Component("file")]
internal sealed class FileCertificates : ICertificateSource
{
    private readonly CertificateIndex _index = new();

    public FileCertificates(FileCertificatesOptions options, ComponentContext context)
    {
        var files = new CertificateFiles(new CertificateFileRules(options.Password, options.KeyPermissions, options.OcspStapling), context);
        var cert = context.UseFile(options.Cert);
        var certificate = files.FromPem(cert, options.Key is null ? cert : context.UseFile(options.Key));
        _index.Add(certificate, options.Hosts);
        _index.Default = options.Default ? certificate : null;
    }

    public IReadOnlyCollection<X509Certificate2> Certificates => _index.Certificates;

    public ValueTask<SslStreamCertificateContext?> FindAsync(string serverName, CancellationToken timeout) => new(_index.Find(serverName));
}
