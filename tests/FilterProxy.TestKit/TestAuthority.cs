using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FilterProxy.TestKit;

/// <summary>An authority made for one test run: signs certificates, other authorities and revocation lists.</summary>
public sealed class TestAuthority : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("filterproxy-ca-").FullName;
    private readonly TestAuthority? _parent;
    private int _serial = 100;

    /// <summary>A root, or an intermediate when it has a parent.</summary>
    public TestAuthority(string name = "Test CA", TestAuthority? parent = null)
    {
        _parent = parent;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var (from, to) = (DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
        if (parent is null)
        {
            Certificate = request.CreateSelfSigned(from, to);
        }
        else
        {
            using var signed = request.Create(parent.Certificate, from.AddDays(1), to.AddDays(-1), parent.NextSerial());
            Certificate = signed.CopyWithPrivateKey(key);
        }

        File.WriteAllText(Path, Certificate.ExportCertificatePem());
    }

    /// <summary>Its own certificate, with the key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Its certificate as a PEM file.</summary>
    public string Path => System.IO.Path.Combine(_folder, "ca.pem");

    /// <summary>Its folder, which goes with it.</summary>
    public string Folder => _folder;

    /// <summary>A certificate with its key.</summary>
    /// <param name="subject">The distinguished name, or a bare common name.</param>
    /// <param name="dns">Alternative names.</param>
    /// <param name="uris">Alternative names that are URIs.</param>
    /// <param name="notBefore">Default: a day ago.</param>
    /// <param name="notAfter">Default: in 90 days.</param>
    /// <param name="responder">Where its status is asked for (OCSP).</param>
    public X509Certificate2 Issue(
        string subject, string[]? dns = null, string[]? uris = null, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null,
        string? responder = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedName(subject.Contains('=', StringComparison.Ordinal) ? subject : $"CN={subject}");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var host in dns ?? [])
        {
            alternatives.AddDnsName(host);
        }

        foreach (var uri in uris ?? [])
        {
            alternatives.AddUri(new Uri(uri));
        }

        alternatives.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(alternatives.Build());
        if (responder is not null)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([responder], null));
        }

        using var signed = request.Create(
            Certificate, notBefore ?? DateTimeOffset.UtcNow.AddDays(-1), notAfter ?? DateTimeOffset.UtcNow.AddDays(90), NextSerial());
        using var pair = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Writes a certificate, its intermediates and its key as PEM files, and returns their paths.</summary>
    public (string Cert, string Key) Write(X509Certificate2 certificate, string name, string? folder = null)
    {
        var (cert, key) = (System.IO.Path.Combine(folder ?? _folder, name + ".pem"), System.IO.Path.Combine(folder ?? _folder, name + ".key"));
        var chain = certificate.ExportCertificatePem();
        for (var authority = this; authority._parent is not null; authority = authority._parent)
        {
            chain += "\n" + authority.Certificate.ExportCertificatePem();
        }

        using var privateKey = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(key, privateKey.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(cert, chain);
        return (cert, key);
    }

    /// <summary>A revocation list, as DER.</summary>
    public byte[] Revoke(DateTimeOffset? nextUpdate, params X509Certificate2[] revoked)
    {
        var list = new CertificateRevocationListBuilder();
        foreach (var certificate in revoked)
        {
            list.AddEntry(certificate, DateTimeOffset.UtcNow.AddHours(-1));
        }

        var next = nextUpdate ?? DateTimeOffset.UtcNow.AddDays(7);
        return list.Build(Certificate, 1, next, HashAlgorithmName.SHA256, null, next.AddDays(-10));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private byte[] NextSerial() => [0x01, (byte)(_serial >> 8), (byte)Interlocked.Increment(ref _serial)];
}
