using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FilterProxy.Filters.Acme;
using FilterProxy.Filters.Acme.Client;
using Xunit;

namespace FilterProxy.Filters.Tests.Acme;

public sealed class AccountKeyTests
{
    private static readonly Uri Url = new("https://ca.example/new-order");

    [Fact]
    public void A_request_is_signed_with_the_key_and_names_the_account()
    {
        using var key = AccountKey.Create();
        var account = new Uri("https://ca.example/accounts/1");

        var signed = JsonNode.Parse(key.Sign(Url, "nonce-1", account, "{}"))!;

        var head = JsonNode.Parse(Text(signed["protected"]))!;
        Assert.Equal(
            ("ES256", "nonce-1", Url.AbsoluteUri, account.AbsoluteUri, null),
            ((string?)head["alg"], (string?)head["nonce"], (string?)head["url"], (string?)head["kid"], head["jwk"]));
        using var reader = ECDsa.Create();
        reader.ImportFromPem(key.ToPem());
        Base64.TryDecode((string)signed["signature"]!, out var signature);
        Assert.True(reader.VerifyData(Encoding.ASCII.GetBytes($"{signed["protected"]}.{signed["payload"]}"), signature, HashAlgorithmName.SHA256));
        Assert.DoesNotContain("\"d\"", Text(signed["protected"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Before_there_is_an_account_the_public_key_is_shown()
    {
        using var key = AccountKey.Create();

        var head = JsonNode.Parse(Text(JsonNode.Parse(key.Sign(Url, "n", null, ""))!["protected"]))!;

        Assert.Null(head["kid"]);
        Assert.Equal(["crv", "kty", "x", "y"], head["jwk"]!.AsObject().Select(m => m.Key).Order());
    }

    [Fact]
    public void The_thumbprint_is_that_of_the_standard()
    {
        // A key from its PEM is the same key: its thumbprint is over the public members in their order (RFC 7638 §3).
        using var key = AccountKey.Create();
        using var again = AccountKey.FromPem(key.ToPem());

        Assert.Equal(Base64.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(key.Jwk))), again.Thumbprint);
        Assert.Equal($"token.{key.Thumbprint}", again.Authorize("token"));
    }

    [Fact]
    public void An_external_account_signs_the_key_with_its_mac()
    {
        using var key = AccountKey.Create();

        var bound = key.Bind(Url, new EabOptions { Kid = "kid-1", HmacKey = "c2VjcmV0" });

        Assert.Equal(key.Jwk, Text(bound["payload"]));
        var mac = HMACSHA256.HashData("secret"u8, Encoding.ASCII.GetBytes($"{bound["protected"]}.{bound["payload"]}"));
        Assert.Equal(Base64.Encode(mac), (string?)bound["signature"]);
    }

    private static string Text(JsonNode? encoded)
    {
        Assert.True(Base64.TryDecode((string)encoded!, out var bytes));
        return Encoding.UTF8.GetString(bytes);
    }
}
