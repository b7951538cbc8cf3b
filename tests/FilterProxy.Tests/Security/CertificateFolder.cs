using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.TestKit;

namespace FilterProxy.Tests.Security;

/// <summary>A folder to put certificates into, and what sources are made with.</summary>
internal sealed class CertificateFolder : IDisposable
{
    public CertificateFolder() => Context = new TestComponentContext { Directory = Folder };

    public string Folder { get; } = Directory.CreateTempSubdirectory("filterproxy-certs-").FullName;

    public TestAuthority Authority { get; } = new();

    public TestComponentContext Context { get; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>A pair <c>name.pem</c>, <c>name.key</c> that only its owner can read.</summary>
    public X509Certificate2 Add(string name, string host, DateTimeOffset? notAfter = null, DateTimeOffset? notBefore = null)
    {
        var certificate = Authority.Issue(host, [host], notAfter: notAfter, notBefore: notBefore);
        Authority.Write(certificate, name, Folder);
        SetMode(name + ".key", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return certificate;
    }

#pragma warning disable CA1416 // The tests run where files have modes.
    public void SetMode(string name, UnixFileMode mode) => File.SetUnixFileMode(PathOf(name), mode);
#pragma warning restore CA1416

    /// <summary>A key encrypted with a password, in place of the plain one.</summary>
    public void Encrypt(string name, X509Certificate2 certificate, string password)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        File.WriteAllText(PathOf(name + ".key"), key.ExportEncryptedPkcs8PrivateKeyPem(password, parameters));
    }

    /// <summary>The serial number of what a source answers; null for nothing.</summary>
    public static async Task<string?> SerialAsync(ICertificateSource source, string name)
    {
        SslStreamCertificateContext? found = await source.FindAsync(name, CancellationToken.None);
        return found?.TargetCertificate.SerialNumber;
    }

    public void Dispose()
    {
        Context.Dispose();
        Authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
