using System.Text;
using FilterProxy.Core.Upstream;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Upstream;

public sealed class ClientCertHeaderTests : IDisposable
{
    private const ClientCertParts Usual = ClientCertParts.Subject | ClientCertParts.Uri | ClientCertParts.Dns;
    private readonly TestAuthority _authority = new();

    [Fact]
    public void The_element_has_the_fingerprint_and_what_was_asked_for_in_envoys_order()
    {
        using var certificate = _authority.Issue("agent-7", ["a.example", "b.example"], ["spiffe://example/agent/7"]);
        var exchange = TestExchange.Get("/").WithClientCertificate(certificate);
        var hash = certificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256).ToLowerInvariant();

        Assert.Equal(
            $"Hash={hash};Subject=\"CN=agent-7\";URI=spiffe://example/agent/7;DNS=a.example;DNS=b.example",
            Element(exchange, ClientCertPolicy.SanitizeSet, Usual));
        Assert.Equal($"Hash={hash}", Element(exchange, ClientCertPolicy.SanitizeSet, ClientCertParts.None));
        Assert.StartsWith(
            $"Hash={hash};Cert=\"-----BEGIN%20CERTIFICATE-----%0A", Element(exchange, ClientCertPolicy.AppendForward, ClientCertParts.Cert), StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_owner_of_a_certificate_chose_never_breaks_out_of_its_place()
    {
        using var certificate = _authority.Issue("CN=\"a\"\"b;URI=x,\r\nX-Evil: 1\"", [], ["http://a/;DNS=root,Hash=0"]);
        var exchange = TestExchange.Get("/").WithClientCertificate(certificate);

        var element = Element(exchange, ClientCertPolicy.SanitizeSet, Usual);

        Assert.True(Ascii(element));
        Assert.Contains("\\0D\\0A", element, StringComparison.Ordinal);
        Assert.Contains(";URI=\"http://a/;DNS=root,Hash=0\"", element, StringComparison.Ordinal);
        Assert.Equal(0, Unquoted(element).Count(c => c is ','));
    }

    [Fact]
    public void Letters_beyond_ascii_are_written_as_their_octets()
    {
        using var certificate = _authority.Issue("Jos\u00e9");

        Assert.Contains("Subject=\"CN=Jos\\C3\\A9\"", Element(TestExchange.Get("/").WithClientCertificate(certificate), ClientCertPolicy.SanitizeSet, Usual), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sanitize", true, true)]
    [InlineData("Sanitize", false, true)]
    [InlineData("SanitizeSet", true, true)]
    [InlineData("SanitizeSet", false, true)]
    [InlineData("ForwardOnly", true, false)]
    [InlineData("ForwardOnly", false, true)]
    [InlineData("AppendForward", true, false)]
    [InlineData("AppendForward", false, true)]
    [InlineData("AlwaysForwardOnly", true, false)]
    [InlineData("AlwaysForwardOnly", false, false)]
    public void What_a_client_sent_is_taken_off_unless_the_policy_believes_it(string policy, bool showedCertificate, bool removed)
    {
        using var certificate = _authority.Issue("agent");
        var exchange = TestExchange.Get("/");
        if (showedCertificate)
        {
            exchange.WithClientCertificate(certificate);
        }

        Assert.Equal(removed, ClientCertHeader.IsRemoved(Enum.Parse<ClientCertPolicy>(policy), exchange.Downstream));
    }

    [Theory]
    [InlineData("Sanitize")]
    [InlineData("ForwardOnly")]
    [InlineData("AlwaysForwardOnly")]
    public void Policies_that_add_nothing_add_nothing(string policy)
    {
        using var certificate = _authority.Issue("agent");

        Assert.Equal("", Element(TestExchange.Get("/").WithClientCertificate(certificate), Enum.Parse<ClientCertPolicy>(policy), Usual));
    }

    [Fact]
    public void Without_a_certificate_nothing_is_added() =>
        Assert.Equal("", Element(TestExchange.Get("/"), ClientCertPolicy.AppendForward, Usual));

    public void Dispose() => _authority.Dispose();

    private static string Element(TestExchange exchange, ClientCertPolicy policy, ClientCertParts parts) =>
        Encoding.Latin1.GetString(ClientCertHeader.Element(policy, parts, exchange.Downstream));

    private static bool Ascii(string text) => text.All(c => c is >= ' ' and <= '~');

    /// <summary>What stands outside quotes.</summary>
    private static string Unquoted(string element)
    {
        var text = new StringBuilder();
        var inside = false;
        for (var i = 0; i < element.Length; i++)
        {
            if (inside && element[i] == '\\')
            {
                i++;
            }
            else if (element[i] == '"')
            {
                inside = !inside;
            }
            else if (!inside)
            {
                text.Append(element[i]);
            }
        }

        Assert.False(inside);
        return text.ToString();
    }
}
