extern alias jwt_auth;

using System.Text;
using jwt_auth::FilterProxy.Filters.Jose;
using Xunit;

namespace FilterProxy.Filters.Tests.Jose;

public sealed class JwtValidatorTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly JwtRules Rules = new() { Issuer = "https://login.test", Audiences = ["shop", "api"], Types = ["", "jwt", "at+jwt"] };
    private readonly TokenMaker _maker = new();

    public void Dispose() => _maker.Dispose();

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("PS256")]
    [InlineData("PS384")]
    [InlineData("PS512")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public void A_token_of_every_algorithm_holds_and_one_that_was_changed_does_not(string algorithm)
    {
        using var maker = new TokenMaker(algorithm);
        var rules = Rules with { Algorithms = JwsAlgorithms.SetOf([JwsAlgorithms.Parse(algorithm)]) };
        var keys = Keys(maker.Jwks, algorithm[0] == 'H');
        var token = Encoding.ASCII.GetBytes(maker.Sign(Claims()));
        Assert.Equal("ada", JwtValidator.Validate(token, keys, rules, Now, out _)!.Subject);

        token[^20] = (byte)(token[^20] == 'A' ? 'B' : 'A');
        Assert.Null(JwtValidator.Validate(token, keys, rules, Now, out var failure));
        Assert.Equal(JwtError.BadSignature, failure.Error);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"None","kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"es256","kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"EdDSA","kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"HS256","kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":["ES256"],"kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"ES384","kid":"k1"}""", "AlgorithmDenied")]
    [InlineData("""{"alg":"ES256","kid":"k1","crit":["exp"]}""", "CriticalHeader")]
    [InlineData("""{"alg":"ES256","kid":"k1","crit":[]}""", "CriticalHeader")]
    [InlineData("""{"alg":"ES256","kid":"k1","b64":false}""", "CriticalHeader")]
    [InlineData("""{"alg":"ES256","kid":"k2"}""", "UnknownKey")]
    [InlineData("""{"alg":"ES256","kid":1}""", "Malformed")]
    [InlineData("""{"alg":"ES256","kid":"k1","alg":"ES256"}""", "Malformed")]
    [InlineData("""{"alg":"ES256","\u0061lg":"ES256","kid":"k1"}""", "Malformed")]
    [InlineData("""{"alg":"ES256","kid":"k1","x":"\ud800"}""", "Malformed")]
    [InlineData("""{"alg":"ES256","kid":"k1",}""", "Malformed")]
    [InlineData("""{"alg":"ES256","kid":"k1"}//""", "Malformed")]
    [InlineData("""["ES256"]""", "Malformed")]
    [InlineData("", "Malformed")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"logout+jwt"}""", "WrongType")]
    [InlineData("""{"alg":"ES256","kid":"k1","typ":"application/AT+JWT"}""", "None")]
    [InlineData("""{"alg":"ES256"}""", "None")]
    public void A_header_is_read_strictly(string header, string error) =>
        Assert.Equal(error, ErrorOf(_maker.SignText(header, """{"iss":"https://login.test","sub":"ada","aud":"shop","exp":1893460000}""")));

    [Theory]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000}""", "None")]
    [InlineData("""{"iss":"https://login.test","aud":["x","api"],"exp":1893460000.5}""", "None")]
    [InlineData("""{"iss":"https://login.test","aud":"Shop","exp":1893460000}""", "WrongAudience")]
    [InlineData("""{"iss":"https://login.test","aud":[],"exp":1893460000}""", "WrongAudience")]
    [InlineData("""{"iss":"https://login.test","aud":[["shop"]],"exp":1893460000}""", "WrongAudience")]
    [InlineData("""{"iss":"https://login.test","exp":1893460000}""", "WrongAudience")]
    [InlineData("""{"iss":"https://login.test/","aud":"shop","exp":1893460000}""", "UnknownIssuer")]
    [InlineData("""{"aud":"shop","exp":1893460000}""", "UnknownIssuer")]
    [InlineData("""{"iss":["https://login.test"],"aud":"shop","exp":1893460000}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop"}""", "ClaimDenied")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":"1893460000"}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1e99}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":-1}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893456000}""", "None")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893455941}""", "None")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893455940}""", "Expired")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000,"nbf":1893456060}""", "None")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000,"nbf":1893456061}""", "NotYetValid")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000,"nbf":null}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","iss":"https://login.test","aud":"shop","exp":1893460000}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000,"a":{"b":1,"b":2}}""", "Malformed")]
    [InlineData("""{"iss":"https://login.test","aud":"shop","exp":1893460000,"a":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}""", "Malformed")]
    [InlineData("null", "Malformed")]
    [InlineData("", "Malformed")]
    public void Claims_are_read_strictly(string payload, string error) =>
        Assert.Equal(error, ErrorOf(_maker.SignText("""{"alg":"ES256","kid":"k1"}""", payload)));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9=.e30.AAAA")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9 .e30.AAAA")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e31.AAAA")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.A/+A")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9.e30.A")]
    [InlineData("ｅyJhbGciOiJFUzI1NiJ9.e30.AAAA")]
    public void What_is_no_token_is_none(string text) => Assert.Equal("Malformed", ErrorOf(text));

    [Fact]
    public void A_token_that_is_too_long_is_not_looked_at() => Assert.Equal("TooLong", ErrorOf(_maker.Sign(new { filler = new string('x', 8000) })));

    [Fact]
    public void A_public_key_is_no_secret()
    {
        // The old confusion of algorithms: a token by HS256 whose secret is the public key's text.
        using var rsa = new TokenMaker("RS256");
        var keys = Keys(rsa.Jwks);
        var text = $"{TokenMaker.Text("""{"alg":"HS256","kid":"k1"}"""u8.ToArray())}.{TokenMaker.Text("""{"sub":"eve"}"""u8.ToArray())}";
        var mac = System.Security.Cryptography.HMACSHA256.HashData(Encoding.ASCII.GetBytes(rsa.Jwks), Encoding.ASCII.GetBytes(text));
        var token = Encoding.ASCII.GetBytes($"{text}.{TokenMaker.Text(mac)}");

        Assert.Null(JwtValidator.Validate(token, keys, new JwtRules { Algorithms = -1, MustExpire = false }, Now, out var failure));
        Assert.Equal(JwtError.AlgorithmDenied, failure.Error);
    }

    [Fact]
    public void A_key_the_token_brings_along_is_not_believed()
    {
        using var eve = new TokenMaker("ES256", "k1");
        var failure = FailureOf(eve.Sign(Claims(), new { jwk = eve.Jwk }));
        Assert.Equal((JwtError.BadSignature, "its ES256 signature is not that of the key 'k1'"), (failure.Error, failure.Detail));
    }

    [Fact]
    public void Why_a_token_is_refused_shows_nothing_that_could_break_a_line()
    {
        var failure = FailureOf(_maker.Sign(Claims(), new { kid = "a\r\nINFO ok 'x' é" + new string('y', 100) }));
        Assert.Equal($"no key is called 'a??INFO?ok??x???{new string('y', 48)}…'", failure.Detail);
    }

    [Theory]
    [InlineData(0, "None")]
    [InlineData(-119, "None")]
    [InlineData(-121, "Expired")]
    [InlineData(59, "None")]
    [InlineData(61, "NotYetValid")]
    [InlineData(null, "ClaimDenied")]
    public void A_token_may_have_to_be_young(int? made, string error)
    {
        var iat = made is { } seconds ? Now.AddSeconds(seconds).ToUnixTimeSeconds() : (object?)null;
        var payload = iat is null ? """{"exp":1893460000}""" : $$"""{"exp":1893460000,"iat":{{iat}}}""";
        Assert.Equal(error, ErrorOf(_maker.SignText("""{"alg":"ES256"}""", payload), new JwtRules { MaxAge = TimeSpan.FromSeconds(60) }));
    }

    [Fact]
    public void A_token_without_end_may_be_allowed() =>
        Assert.Equal("None", ErrorOf(_maker.SignText("""{"alg":"ES256"}""", "{}"), new JwtRules { MustExpire = false }));

    [Fact]
    public void An_id_token_has_the_nonce_it_was_asked_for_with()
    {
        var rules = new JwtRules { Nonce = "n1" };
        Assert.Equal("None", ErrorOf(_maker.Sign(new { nonce = "n1" }, now: Now), rules));
        Assert.Equal("ClaimDenied", ErrorOf(_maker.Sign(new { nonce = "n2" }, now: Now), rules));
        Assert.Equal("ClaimDenied", ErrorOf(_maker.Sign(now: Now), rules));
    }

    [Fact]
    public void Claims_are_found_by_name_and_by_path_and_become_a_principal()
    {
        var token = _maker.Sign(new Dictionary<string, object>
        {
            ["sub"] = "ada",
            ["realm_access"] = new { roles = new[] { "admin", "dev" } },
            ["https://example.com/roles"] = new[] { "x" },
            ["scope"] = "read write",
            ["level"] = 3,
            ["ok"] = true,
        }, now: Now);
        var claims = JwtValidator.Validate(Encoding.ASCII.GetBytes(token), Keys(_maker.Jwks), new JwtRules(), Now, out _)!;
        Assert.Equal(["admin", "dev"], claims.Texts("realm_access.roles"));
        Assert.Equal(["x"], claims.Texts("https://example.com/roles"));
        Assert.Equal(["read", "write"], claims.Words("scope"));
        Assert.Equal(["3"], claims.Texts("level"));
        Assert.Empty(claims.Texts("realm_access.none.x"));
        Assert.Empty(claims.Texts("realm_access"));

        var user = claims.ToPrincipal("jwt");
        Assert.Equal(("ada", "true", "jwt"), (user.Identity!.Name, user.FindFirst("ok")!.Value, user.Identity.AuthenticationType));
        Assert.Equal("""{"roles":["admin","dev"]}""", user.FindFirst("realm_access")!.Value);
    }

    [Fact]
    public void No_bytes_whatever_make_it_fail_otherwise_than_by_refusing()
    {
        const int Seed = 7515;
        var random = new Random(Seed);
        var token = Encoding.ASCII.GetBytes(_maker.Sign(Claims()));
        var keys = Keys(_maker.Jwks);
        Assert.NotNull(JwtValidator.Validate(token, keys, Rules, Now, out _));
        for (var round = 0; round < 3000; round++)
        {
            var changed = token.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            var isSame = changed.AsSpan().SequenceEqual(token);
            Assert.True(JwtValidator.Validate(changed.AsSpan(random.Next(2) * random.Next(20)), keys, Rules, Now, out _) is null || isSame, $"seed {Seed}, round {round}");
        }
    }

    private static JsonWebKeySet Keys(string json, bool symmetric = false)
    {
        Assert.True(JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), symmetric, out var keys, out var problem), problem);
        return keys!;
    }

    private static object Claims() => new { iss = "https://login.test", sub = "ada", aud = "shop", exp = Now.AddHours(1).ToUnixTimeSeconds() };

    private string ErrorOf(string token, JwtRules? rules = null) => FailureOf(token, rules).Error.ToString();

    private JwtFailure FailureOf(string token, JwtRules? rules = null)
    {
        var claims = JwtValidator.Validate(Encoding.UTF8.GetBytes(token), Keys(_maker.Jwks), rules ?? Rules, Now, out var failure);
        Assert.Equal(failure.Error == JwtError.None, claims is not null);
        return failure;
    }
}
