using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Filters.Acme;

/// <summary>Makes certificates nobody has to trust.</summary>
internal static class SelfSigned
{
    private static readonly TimeSpan Validity = TimeSpan.FromDays(7);

    public static SslStreamCertificateContext Create(string name, TimeProvider time, params X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=FilterProxy", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Validity);

        // An ephemeral key is refused by some platforms' TLS; the round trip makes it usable everywhere.
        var usable = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        return SslStreamCertificateContext.Create(usable, null, offline: true);
    }
}
