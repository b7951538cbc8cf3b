using System.Security.Cryptography;
using FilterProxy.Core.Security;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Security;

public sealed class RevocationListTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public void What_is_on_the_list_is_revoked_and_what_is_not_is_not()
    {
        using var revoked = _authority.Issue("revoked");
        using var good = _authority.Issue("good");

        var list = Assert.Single(Read(_authority.Revoke(null, revoked)));

        Assert.True(list.IsBy(_authority.Certificate));
        Assert.True(list.Has(revoked.SerialNumberBytes.Span));
        Assert.False(list.Has(good.SerialNumberBytes.Span));
        Assert.InRange(list.NextUpdate, DateTimeOffset.UtcNow.AddDays(6), DateTimeOffset.UtcNow.AddDays(8));
    }

    [Fact]
    public void A_list_without_entries_revokes_nothing() => Assert.Single(Read(_authority.Revoke(null)));

    [Fact]
    public void A_file_may_hold_several_in_PEM()
    {
        using var other = new TestAuthority("Other CA");
        var pem = new string(PemEncoding.Write("X509 CRL", _authority.Revoke(null))) + "\n" + new string(PemEncoding.Write("X509 CRL", other.Revoke(null)));

        Assert.Equal(2, RevocationList.ReadAll(System.Text.Encoding.ASCII.GetBytes(pem), [_authority.Certificate, other.Certificate]).Count());
    }

    [Fact]
    public void A_list_that_somebody_else_signed_is_refused()
    {
        using var impostor = new TestAuthority("Test CA");

        var error = Assert.Throws<CryptographicException>(() => Read(impostor.Revoke(null)));

        Assert.Contains("not signed by one of the trusted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_with_a_changed_byte_is_refused_or_unreadable_but_nothing_else()
    {
        using var revoked = _authority.Issue("revoked");
        var bytes = _authority.Revoke(null, revoked);
        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= 0x41;

            Assert.Throws<CryptographicException>(() => RevocationList.ReadAll(changed, [_authority.Certificate]).ToList());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")]
    public void A_file_without_a_list_is_an_error(string text) =>
        Assert.Contains("no revocation list", Assert.Throws<CryptographicException>(() => Read(System.Text.Encoding.ASCII.GetBytes(text))).Message, StringComparison.Ordinal);

    public void Dispose() => _authority.Dispose();

    private List<RevocationList> Read(byte[] file) => [.. RevocationList.ReadAll(file, [_authority.Certificate])];
}
