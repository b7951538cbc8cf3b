using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.TestKit;

/// <summary>A certificate made for one test run, as PEM files in a temporary folder.</summary>
public sealed class TestCertificate : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-test-").FullName;

    public TestCertificate(params string[] names)
        : this(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30), names)
    {
    }

    public TestCertificate(DateTimeOffset from, DateTimeOffset until, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names.FirstOrDefault() ?? "localhost"}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names.DefaultIfEmpty("localhost"))
        {
            alternatives.AddDnsName(name);
        }

        alternatives.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(alternatives.Build());
        using var certificate = request.CreateSelfSigned(from, until);
        File.WriteAllText(CertPath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
    }

    public string CertPath => Path.Combine(_folder, "cert.pem");

    public string KeyPath => Path.Combine(_folder, "key.pem");

    /// <summary>Writes <c>cert.pem</c> and <c>key.pem</c> as a renewal does: a copy would keep the time of the original.</summary>
    public void WriteTo(string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, "cert.pem"), File.ReadAllBytes(CertPath));
        File.WriteAllBytes(Path.Combine(folder, "key.pem"), File.ReadAllBytes(KeyPath));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
