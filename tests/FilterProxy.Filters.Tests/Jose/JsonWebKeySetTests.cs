extern alias jwt_auth;

using System.Text;
using System.Text.Json.Nodes;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

public sealed class JsonWebKeySetTests : IDisposable
{
    private readonly TokenMaker _one = new("ES256", "one"), _two = new("ES256", "two"), _secret = new("HS256", "secret");

    public void Dispose()
    {
        _one.Dispose();
        _two.Dispose();
        _secret.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[1,null,"x",{}]}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    public void What_has_no_keys_is_no_set(string json) => Assert.NotEqual("", ProblemOf(json));

    [Fact]
    public void A_key_that_cannot_be_used_is_skipped_and_told()
    {
        var strange = new JsonObject { ["kty"] = "OKP", ["crv"] = "Ed25519", ["kid"] = "ed" };
        var wrong = _two.Jwk;
        wrong["y"] = wrong["x"]!.DeepClone();
        var set = Parse(_one.Jwk, strange, wrong, _secret.Jwk);
        Assert.Equal(1, set.Count);
        Assert.Equal(
            ["key 'ed': keys of the type 'OKP' are not supported", "key 'two': its parameters are no key", "key 'secret': a secret has no place among public keys"],
            set.Skipped);
    }

    [Fact]
    public void A_key_that_shows_its_private_part_proves_nothing()
    {
        var open = _one.Jwk;
        open["d"] = "AAAA";
        Assert.Contains("it holds a private key", ProblemOf(Set(open)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one", "ES256", "None")]
    [InlineData("one", "RS256", "AlgorithmDenied")]
    [InlineData("three", "ES256", "UnknownKey")]
    [InlineData(null, "ES256", "AmbiguousKey")]
    [InlineData(null, "RS256", "UnknownKey")]
    [InlineData("One", "ES256", "UnknownKey")]
    public void A_key_is_found_by_its_id(string? id, string algorithm, string error)
    {
        Parse(_one.Jwk, _two.Jwk).Find(id, JwsAlgorithms.Parse(algorithm), out var failure);
        Assert.Equal(error, failure.Error.ToString());
    }

    [Fact]
    public void Two_keys_of_one_id_are_none_unless_they_are_for_different_algorithms()
    {
        var same = _two.Jwk;
        same["kid"] = "one";
        Assert.Null(Parse(_one.Jwk, same).Find("one", JwsAlgorithm.ES256, out var failure));
        Assert.Equal((JwtError.AmbiguousKey, "2 keys are called 'one'"), (failure.Error, failure.Detail));

        using var other = new TokenMaker("RS256", "one");
        Assert.NotNull(Parse(_one.Jwk, other.Jwk).Find("one", JwsAlgorithm.ES256, out _));
    }

    [Fact]
    public void A_key_whose_id_another_has_that_cannot_be_read_is_none()
    {
        var wrong = _two.Jwk;
        (wrong["kid"], wrong["x"]) = ("one", "AAAA");
        Assert.Null(Parse(_one.Jwk, wrong).Find("one", JwsAlgorithm.ES256, out var failure));
        Assert.Equal("another key called 'one' cannot be read", failure.Detail);

        wrong["use"] = "enc";
        Assert.NotNull(Parse(_one.Jwk, wrong).Find("one", JwsAlgorithm.ES256, out _));
    }

    [Fact]
    public void A_key_without_an_id_is_any()
    {
        var nameless = _one.Jwk;
        nameless.Remove("kid");
        Assert.NotNull(Parse(nameless).Find("whatever", JwsAlgorithm.ES256, out _));
        Assert.NotNull(Parse(nameless).Find(null, JwsAlgorithm.ES256, out _));
        Assert.Equal("two", Parse(nameless, _two.Jwk).Find("two", JwsAlgorithm.ES256, out _)!.Id);
    }

    [Fact]
    public void A_set_of_secrets_takes_no_public_keys() =>
        Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(_one.Jwks), symmetric: true, out _, out _));

    [Fact]
    public void A_set_may_not_be_endless() =>
        Assert.Contains("at most 256", ProblemOf(Set([.. Enumerable.Range(0, 257).Select(_ => new JsonObject())])), StringComparison.Ordinal);

    private static string Set(params JsonObject[] keys) => new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => key.DeepClone())]) }.ToJsonString();

    private static JsonWebKeySet Parse(params JsonObject[] keys)
    {
        Assert.True(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(Set(keys)), symmetric: false, out var set, out var problem), problem);
        return set!;
    }

    private static string ProblemOf(string json)
    {
        Assert.False(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), symmetric: false, out _, out var problem));
        return problem;
    }
}
