using System.Security.Cryptography.X509Certificates;
using FilterProxy.Core.Security;
using Xunit;

namespace FilterProxy.Tests.Security;

public sealed class DirectoryCertificatesTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    [Fact]
    public async Task Every_kind_of_pair_is_found()
    {
        using var pair = _folder.Add("pair", "pair.example");
        using var one = _folder.Add("one", "one.example");
        File.AppendAllText(_folder.PathOf("one.pem"), "\n" + File.ReadAllText(_folder.PathOf("one.key")));
        File.Delete(_folder.PathOf("one.key"));
        using var crt = _folder.Add("crt", "crt.example");
        File.Move(_folder.PathOf("crt.pem"), _folder.PathOf("crt.crt"));
        using var pfx = _folder.Authority.Issue("pfx.example", ["pfx.example"]);
        File.WriteAllBytes(_folder.PathOf("pfx.p12"), pfx.Export(X509ContentType.Pkcs12));
        using var bot = Nested("bot.example", "fullchain.pem", "privkey.pem");
        using var secret = Nested("secret.example", "tls.crt", "tls.key");
        File.WriteAllText(_folder.PathOf("README"), "not meant");
        File.WriteAllText(_folder.PathOf(".hidden.pem"), "not meant");

        var source = Make();

        foreach (var certificate in new[] { pair, one, crt, pfx, bot, secret })
        {
            var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            Assert.Equal((name, certificate.SerialNumber), (name, await CertificateFolder.SerialAsync(source, name)));
        }

        Assert.Equal(6, source.Certificates.Count);
        Assert.Null(await CertificateFolder.SerialAsync(source, ""));
    }

    [Fact]
    public async Task The_default_is_named_by_its_file()
    {
        using var one = _folder.Add("one", "one.example");
        using var two = _folder.Add("two", "two.example");

        Assert.Equal(two.SerialNumber, await CertificateFolder.SerialAsync(Make("two"), ""));
    }

    [Fact]
    public async Task Of_two_for_one_name_the_one_that_lasts_longer_is_used()
    {
        using var shorter = _folder.Add("a", "site.example", DateTimeOffset.UtcNow.AddDays(10));
        using var longer = _folder.Add("b", "site.example", DateTimeOffset.UtcNow.AddDays(80));
        using var shortest = _folder.Add("c", "site.example", DateTimeOffset.UtcNow.AddDays(5));

        Assert.Equal(longer.SerialNumber, await CertificateFolder.SerialAsync(Make(), "site.example"));
    }

    [Theory]
    [InlineData("site.key", "has no key")]
    [InlineData("site.pem", "has no certificate beside it")]
    public void Half_a_pair_is_an_error_that_names_the_other_half(string missing, string expected)
    {
        using var certificate = _folder.Add("site", "site.example");
        File.Delete(_folder.PathOf(missing));

        Assert.Contains(expected, Assert.ThrowsAny<Exception>(() => Make()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_that_is_not_there_is_an_error() =>
        Assert.Contains("there is no certificate 'site'", Assert.ThrowsAny<Exception>(() => Make("site")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_empty_folder_is_warned_of_and_none_at_all_is_an_error()
    {
        Make();

        Assert.Contains(_folder.Context.LogLines, line => line.EndsWith("has no certificates.", StringComparison.Ordinal));
        Assert.Throws<DirectoryNotFoundException>(() => new DirectoryCertificates(new() { Path = "none" }, _folder.Context));
    }

    public void Dispose() => _folder.Dispose();

    private DirectoryCertificates Make(string? standard = null) => new(new() { Path = ".", Default = standard }, _folder.Context);

    private X509Certificate2 Nested(string host, string cert, string key)
    {
        var certificate = _folder.Add("nested", host);
        var inner = Directory.CreateDirectory(_folder.PathOf(host)).FullName;
        File.Move(_folder.PathOf("nested.pem"), Path.Combine(inner, cert));
        File.Move(_folder.PathOf("nested.key"), Path.Combine(inner, key));
        return certificate;
    }
}
