using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.Host.Admin.Views;

/// <summary>A certificate that a listener serves. Nothing of its key.</summary>
/// <param name="Listener">The listener.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="Names">The DNS names it is for.</param>
/// <param name="Issuer">Who signed it.</param>
/// <param name="Serial">Its number at the issuer.</param>
/// <param name="NotBefore">From when it holds, UTC.</param>
/// <param name="NotAfter">Until when it holds, UTC.</param>
/// <param name="DaysLeft">Until it expires; negative after.</param>
/// <param name="Key">The kind of its key: <c>RSA</c>, <c>ECC</c>.</param>
/// <param name="Sha256">Its fingerprint.</param>
internal sealed record CertificateView(
    string Listener, string Subject, IReadOnlyList<string> Names, string Issuer, string Serial, DateTime NotBefore, DateTime NotAfter, double DaysLeft,
    string? Key, string Sha256)
{
    public static IReadOnlyList<CertificateView> All(ProxyControl control)
    {
        var views = new List<CertificateView>();
        foreach (var plan in control.Engine.Current?.Listeners ?? [])
        {
            foreach (var source in plan.Tls?.Sources ?? [])
            {
                views.AddRange(Read(source).Select(certificate => Of(plan.Name, certificate, control)));
            }
        }

        return views;
    }

    private static IReadOnlyCollection<X509Certificate2> Read(ICertificateSource source)
    {
        try
        {
            return source.Certificates;
        }
        catch (Exception)
        {
            // A source may be anybody's code; the log says what is wrong with it.
            return [];
        }
    }

    private static CertificateView Of(string listener, X509Certificate2 certificate, ProxyControl control) => new(
        listener,
        certificate.Subject,
        [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(extension => extension.EnumerateDnsNames())],
        certificate.Issuer,
        certificate.SerialNumber,
        certificate.NotBefore.ToUniversalTime(),
        certificate.NotAfter.ToUniversalTime(),
        Math.Round((certificate.NotAfter.ToUniversalTime() - control.Engine.Services.Time.GetUtcNow()).TotalDays, 1),
        certificate.PublicKey.Oid.FriendlyName,
        certificate.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant());
}
