using System.Security.Cryptography;
using FilterProxy.Core.Security;
using Xunit;

namespace FilterProxy.Tests.Security;

public sealed class FileCertificatesTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Theory]
    [InlineData("site.example", true)]
    [InlineData("SITE.example", true)]
    [InlineData("other.example", false)]
    [InlineData("", false)]
    public async Task It_answers_for_the_names_in_the_certificate(string asked, bool answered)
    {
        using var certificate = _folder.Add("site", "site.example");
        var source = Make(new() { Cert = "site.pem", Key = "site.key" });

        Assert.Equal(answered ? certificate.SerialNumber : null, await CertificateFolder.SerialAsync(source, asked));
        Assert.Equal([certificate.SerialNumber], source.Certificates.Select(c => c.SerialNumber));
    }

    [Theory]
    [InlineData("a.example", true)]
    [InlineData("b.wild.example", true)]
    [InlineData("b.c.wild.example", false)]
    [InlineData("wild.example", false)]
    [InlineData("site.example", false)]
    public async Task Names_that_are_listed_replace_those_in_the_certificate(string asked, bool answered)
    {
        using var certificate = _folder.Add("site", "site.example");
        var source = Make(new() { Cert = "site.pem", Key = "site.key", Hosts = ["a.example", "*.wild.example"] });

        Assert.Equal(answered ? certificate.SerialNumber : null, await CertificateFolder.SerialAsync(source, asked));
    }

    [Fact]
    public async Task The_default_answers_where_there_is_no_name_and_for_its_own()
    {
        using var certificate = _folder.Add("site", "site.example");
        var source = Make(new() { Cert = "site.pem", Key = "site.key", Default = true });

        Assert.Equal(certificate.SerialNumber, await CertificateFolder.SerialAsync(source, ""));
        Assert.Null(await CertificateFolder.SerialAsync(source, "other.example"));
    }

    [Fact]
    public async Task The_key_may_stand_in_the_certificates_file()
    {
        using var certificate = _folder.Add("site", "site.example");
        File.AppendAllText(_folder.PathOf("site.pem"), "\n" + File.ReadAllText(_folder.PathOf("site.key")));

        Assert.Equal(certificate.SerialNumber, await CertificateFolder.SerialAsync(Make(new() { Cert = "site.pem" }), "site.example"));
    }

    [Fact]
    public async Task An_encrypted_key_is_opened_with_its_password()
    {
        using var certificate = _folder.Add("site", "site.example");
        _folder.Encrypt("site", certificate, "secret word");

        Assert.Equal(certificate.SerialNumber, await CertificateFolder.SerialAsync(Make(new() { Cert = "site.pem", Key = "site.key", Password = "secret word" }), "site.example"));
    }

    [Theory]
    [InlineData(null, "is encrypted: give its 'password'")]
    [InlineData("wrong", "the password is wrong, or the file is damaged")]
    public void An_encrypted_key_without_its_password_is_an_error_that_says_so(string? password, string expected)
    {
        using var certificate = _folder.Add("site", "site.example");
        _folder.Encrypt("site", certificate, "secret word");

        var error = Assert.Throws<CryptographicException>(() => Make(new() { Cert = "site.pem", Key = "site.key", Password = password }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.PathOf("site.key"), error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret word", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_an_error_that_names_both_files()
    {
        using var one = _folder.Add("one", "one.example");
        using var two = _folder.Add("two", "two.example");

        var error = Assert.Throws<CryptographicException>(() => Make(new() { Cert = "one.pem", Key = "two.key" }));

        Assert.Contains(_folder.PathOf("one.pem"), error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.PathOf("two.key"), error.Message, StringComparison.Ordinal);
        Assert.Contains("not that of the certificate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("site.key", "site.key", "there is no certificate in")]
    [InlineData("site.pem", "site.pem", "there is no private key in")]
    [InlineData("site.pem", "none.key", "there is no such file")]
    [InlineData("none.pem", "site.key", "there is no such file")]
    public void Files_that_are_not_what_they_should_be_are_named(string cert, string key, string expected)
    {
        using var certificate = _folder.Add("site", "site.example");

        var error = Assert.ThrowsAny<Exception>(() => Make(new() { Cert = cert, Key = key }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_others_may_read_is_warned_of()
    {
        using var certificate = _folder.Add("site", "site.example");
        Expose("site.key");

        Make(new() { Cert = "site.pem", Key = "site.key" });

        Assert.Contains(_folder.Context.LogLines, line => line.StartsWith("Warning: The private key", StringComparison.Ordinal) && line.Contains("(mode 644)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_key_that_others_may_read_is_an_error_where_that_is_asked_for()
    {
        using var certificate = _folder.Add("site", "site.example");
        Expose("site.key");

        var error = Assert.Throws<UnauthorizedAccessException>(() => Make(new() { Cert = "site.pem", Key = "site.key", KeyPermissions = KeyPermissionRule.Error }));

        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_its_owner_alone_is_not_spoken_of_nor_one_where_that_is_meant()
    {
        using var certificate = _folder.Add("site", "site.example");
        Make(new() { Cert = "site.pem", Key = "site.key", KeyPermissions = KeyPermissionRule.Error });
        Expose("site.key");
        Make(new() { Cert = "site.pem", Key = "site.key", KeyPermissions = KeyPermissionRule.Ignore });

        Assert.Empty(_folder.Context.LogLines);
    }

    [Fact]
    public async Task An_expired_certificate_is_served_and_said()
    {
        var past = DateTimeOffset.UtcNow.AddDays(-1);
        using var certificate = _folder.Add("site", "site.example", notAfter: past, notBefore: past.AddDays(-5));

        var source = Make(new() { Cert = "site.pem", Key = "site.key" });

        Assert.Equal(certificate.SerialNumber, await CertificateFolder.SerialAsync(source, "site.example"));
        Assert.Contains(_folder.Context.LogLines, line => line.StartsWith("Error: The certificate", StringComparison.Ordinal) && line.Contains("expired on", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private FileCertificates Make(FileCertificatesOptions options) => new(options, _folder.Context);

    private void Expose(string name) => _folder.SetMode(
        name, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
}
