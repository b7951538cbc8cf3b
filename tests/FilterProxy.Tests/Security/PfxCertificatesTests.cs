using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Security;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Security;

public sealed class PfxCertificatesTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Theory]
    [InlineData("secret word")]
    [InlineData(null)]
    public async Task The_certificate_and_its_intermediates_come_from_one_file(string? password)
    {
        using var intermediate = new TestAuthority("Intermediate", _folder.Authority);
        using var certificate = intermediate.Issue("site.example", ["site.example"]);
        var all = new X509Certificate2Collection { certificate, X509CertificateLoader.LoadCertificate(intermediate.Certificate.RawData) };
        File.WriteAllBytes(_folder.PathOf("site.pfx"), all.Export(X509ContentType.Pkcs12, password)!);

        var source = new PfxCertificates(new() { Path = "site.pfx", Password = password, Default = true }, _folder.Context);

        var found = await source.FindAsync("site.example", CancellationToken.None);
        Assert.Equal(certificate.SerialNumber, found!.TargetCertificate.SerialNumber);
        Assert.Equal(["CN=Intermediate"], found.IntermediateCertificates.Select(c => c.Subject));
        Assert.Same(found, await source.FindAsync("", CancellationToken.None));
    }

    [Theory]
    [InlineData("wrong", "the password is wrong")]
    [InlineData(null, "without a password")]
    public void A_wrong_password_is_an_error_that_says_so(string? password, string expected)
    {
        using var certificate = _folder.Authority.Issue("site.example", ["site.example"]);
        File.WriteAllBytes(_folder.PathOf("site.pfx"), certificate.Export(X509ContentType.Pkcs12, "secret word"));

        var error = Assert.Throws<CryptographicException>(() => new PfxCertificates(new() { Path = "site.pfx", Password = password }, _folder.Context));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_key_is_an_error()
    {
        using var certificate = X509CertificateLoader.LoadCertificate(_folder.Authority.Certificate.RawData);
        File.WriteAllBytes(_folder.PathOf("site.pfx"), certificate.Export(X509ContentType.Pkcs12));

        var error = Assert.Throws<CryptographicException>(() => new PfxCertificates(new() { Path = "site.pfx" }, _folder.Context));

        Assert.Contains("there is no private key", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
