using System.Security.Cryptography;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Abstractions;

public sealed class ClientCertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    [Fact]
    public void What_a_certificate_says_is_read_out_of_it()
    {
        using var certificate = _authority.Issue("CN=agent-7, O=Example", ["a.example", "*.b.example"], ["spiffe://example/agent/7"]);
        var details = TestExchange.Get("/").WithClientCertificate(certificate).Downstream.ClientCertificateDetails!;

        Assert.Equal("CN=agent-7, O=Example", details.Subject);
        Assert.Equal("CN=Test CA", details.Issuer);
        Assert.Equal(certificate.SerialNumber, details.SerialNumber);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(certificate.RawData)).ToLowerInvariant(), details.Sha256);
        Assert.Equal(["a.example", "*.b.example"], details.DnsNames);
        Assert.Equal(["spiffe://example/agent/7"], details.Uris);
        Assert.Empty(details.EmailAddresses);
    }

    [Fact]
    public void Without_a_certificate_there_is_nothing_to_say()
    {
        using var exchange = TestExchange.Get("/");

        Assert.Null(exchange.Downstream.ClientCertificateDetails);
        Assert.Equal("- - -", Template.Parse("%DOWNSTREAM_PEER_FINGERPRINT_256% %DOWNSTREAM_PEER_DNS_SAN% %DOWNSTREAM_PEER_URI_SAN%").Format(exchange));
    }

    [Fact]
    public void Templates_have_the_fingerprint_and_the_alternative_names()
    {
        using var certificate = _authority.Issue("agent-7", ["a.example", "b.example"], ["spiffe://example/agent/7"]);
        using var exchange = TestExchange.Get("/").WithClientCertificate(certificate);

        Assert.Equal(
            $"{exchange.Downstream.ClientCertificateDetails!.Sha256} a.example,b.example spiffe://example/agent/7 -",
            Template.Parse("%DOWNSTREAM_PEER_FINGERPRINT_256% %DOWNSTREAM_PEER_DNS_SAN% %DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_PEER_EMAIL_SAN%").Format(exchange));
    }

    public void Dispose() => _authority.Dispose();
}
