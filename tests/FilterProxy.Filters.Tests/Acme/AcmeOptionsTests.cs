using FilterProxy.Filters.Acme;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

public sealed class AcmeOptionsTests
{
    [Theory]
    [InlineData("names: [a.example]", "terms_of_service_agreed must be true")]
    [InlineData("terms_of_service_agreed: true", "names")]
    [InlineData("names: [], terms_of_service_agreed: true", "names must be 1 to 100")]
    [InlineData("names: [localhost], terms_of_service_agreed: true", "'localhost' is no full domain name")]
    [InlineData("names: [10.0.0.1], terms_of_service_agreed: true", "is an address")]
    [InlineData("names: [\"bücher.example\"], terms_of_service_agreed: true", "ASCII")]
    [InlineData("names: [a..example], terms_of_service_agreed: true", "is no full domain name")]
    [InlineData("names: [\"a.example/../b\"], terms_of_service_agreed: true", "is no full domain name")]
    [InlineData("names: [a.example, A.example], terms_of_service_agreed: true", "twice")]
    [InlineData("names: [\"*.a.example\"], terms_of_service_agreed: true", "needs challenge: dns-01")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, challenge: http", "expected http-01, tls-alpn-01 or dns-01")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, challenge: dns-01", "needs dns")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, directory: \"http://ca.example/\"", "must be an https URL")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, contact: [me@a.example]", "did you mean 'mailto:me@a.example'?")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, ca: /nowhere/ca.pem", "ca '/nowhere/ca.pem' cannot be read")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, eab: { kid: a, hmac_key: \"not base64!\" }", "hmac_key must be base64url")]
    [InlineData("names: [a.example], terms_of_service_agreed: true, backoff: 0", "backoff must be between")]
    public async Task Options_that_make_no_sense_are_refused(string options, string said)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", filters: [ { tls: { certificates: [ { acme: { {{options}} } } ] } } ] } }
            routes: [ { name: all, respond: { status: 200 } } ]
            """,
            components: [typeof(AcmeCertificates)]));

        Assert.Contains(said, refused.Message[..refused.Message.IndexOf("\nlisteners:", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_of_the_options_has_the_key_of_the_account()
    {
        var options = new AcmeOptions { Names = ["a.example"], Eab = new EabOptions { Kid = "kid-1", HmacKey = "c2VjcmV0" } };

        Assert.Contains("kid-1", options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", options.ToString(), StringComparison.Ordinal);
    }
}
