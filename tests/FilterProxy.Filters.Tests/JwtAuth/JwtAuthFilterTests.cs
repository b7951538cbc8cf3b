using FilterProxy.Filters.JwtAuth;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.JwtAuth;

public sealed class JwtAuthFilterTests : IDisposable
{
    private const string Login = "https://login.test";
    private readonly TestComponentContext _context = new();
    private readonly ScratchFolder _folder = new();
    private readonly TokenMaker _maker = new();

    public JwtAuthFilterTests()
    {
        _context.Directory = _folder.Path;
        _folder.Write("keys.json", _maker.Jwks);
    }

    public void Dispose()
    {
        _context.Dispose();
        _folder.Dispose();
        _maker.Dispose();
    }

    [Fact]
    public async Task A_token_that_holds_passes_and_says_who_it_is()
    {
        using var exchange = Bearer(Token());
        var run = await exchange.RunAsync(Filter(Options() with
        {
            ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub", ["x-roles"] = "realm.roles", ["x-none"] = "none" },
            Metadata = new Dictionary<string, string> { ["tenant"] = "org" },
            RolesClaim = "realm.roles",
        }));
        Assert.Equal(("ada", "admin,dev", null, null), (run.Upstream!.Headers["x-user"], run.Upstream.Headers["x-roles"], run.Upstream.Headers["x-none"], run.Upstream.Headers["authorization"]));
        Assert.Equal(("ada", Login, "acme"), (exchange.Metadata["jwt", "sub"], exchange.Metadata["jwt", "iss"], exchange.Metadata["jwt", "tenant"]));
        Assert.Equal("ada", exchange.User!.Identity!.Name);
        Assert.Equal(["admin", "dev"], exchange.User.FindAll("roles").Select(claim => claim.Value));
        Assert.True(exchange.User.HasClaim("scope", "read write"));
    }

    [Theory]
    [InlineData("/free")]
    [InlineData("/maybe")]
    [InlineData("/needed")]
    public async Task What_a_client_says_it_is_is_taken_away_whatever_the_rule(string path)
    {
        using var exchange = TestExchange.Get(path).WithHeader("x-user", "root").WithHeader("X-User", "admin").WithHeader("X-ROLES", "admin");
        var run = await exchange.RunAsync(Filter(Options() with
        {
            ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub", ["x-roles"] = "roles" },
            Rules = [new() { Path = ["/free"], Token = TokenNeed.None }, new() { Path = ["/maybe"], Token = TokenNeed.Optional }, new()],
        }));
        Assert.Equal(path == "/needed", run.Upstream is null);
        Assert.Equal((null, null), (exchange.Request.Headers["x-user"], exchange.Request.Headers["x-roles"]));
    }

    [Fact]
    public async Task Nothing_of_one_token_is_left_for_the_next()
    {
        var filter = Filter(Options() with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub", ["x-org"] = "org" } });
        using var first = Bearer(Token());
        await first.RunAsync(filter);
        using var second = Bearer(_maker.Sign(new { iss = Login, sub = "bob" })).WithHeader("x-org", "acme");
        var run = await second.RunAsync(filter);
        Assert.Equal(("bob", null), (run.Upstream!.Headers["x-user"], run.Upstream.Headers["x-org"]));
    }

    [Theory]
    [InlineData("bearer", true)]
    [InlineData("BEARER  ", true)]
    [InlineData("Bearer\t", false)]
    [InlineData("Bearerx", false)]
    [InlineData("Basic", false)]
    [InlineData("", false)]
    public async Task The_scheme_has_no_case(string scheme, bool passes)
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", $"{scheme} {Token()}");
        Assert.Equal(passes, (await exchange.RunAsync(Filter())).Upstream is not null);
    }

    [Fact]
    public async Task A_token_may_be_in_another_header_a_cookie_or_the_query_and_goes_no_further()
    {
        var filter = Filter(Options() with { Header = "x-token", Scheme = "", Cookie = "at", Query = "access_token" });
        using var header = TestExchange.Get("/").WithHeader("x-token", Token()).WithHeader("authorization", "Basic x");
        var run = await header.RunAsync(filter);
        Assert.Equal((null, "Basic x"), (run.Upstream!.Headers["x-token"], run.Upstream.Headers["authorization"]));

        using var cookie = TestExchange.Get("/").WithHeader("cookie", $"a=1; at={Token()}; b=2").WithHeader("cookie", "c=3");
        Assert.Equal("a=1; b=2; c=3", (await cookie.RunAsync(filter)).Upstream!.Headers["cookie"]);

        using var only = TestExchange.Get("/").WithHeader("cookie", $"at={Token()}");
        Assert.Null((await only.RunAsync(filter)).Upstream!.Headers["cookie"]);

        using var query = TestExchange.Get($"/?a=1&access_token={Token()}&b=%20");
        Assert.Equal("a=1&b=%20", (await query.RunAsync(filter)).Upstream!.QueryText);

        using var alone = TestExchange.Get($"/?access_token={Token()}");
        Assert.False((await alone.RunAsync(filter)).Upstream!.HasQuery);
    }

    [Fact]
    public async Task The_upstream_may_get_the_token()
    {
        var token = Token();
        using var exchange = Bearer(token);
        Assert.Equal($"Bearer {token}", (await exchange.RunAsync(Filter(Options() with { Forward = true }))).Upstream!.Headers["authorization"]);
    }

    [Fact]
    public async Task Who_shows_nothing_is_asked_for_a_token_and_told_no_error()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(Options() with { Realm = "shop" }));
        Assert.Equal((401, "jwt_missing", "Bearer realm=\"shop\""), (exchange.Status, exchange.Reason, exchange.Response.Headers["www-authenticate"]));
    }

    [Fact]
    public async Task Two_tokens_in_one_place_are_refused()
    {
        using var headers = Bearer(Token()).WithHeader("authorization", "Bearer x");
        await headers.RunAsync(Filter());
        Assert.Equal((400, "jwt_several_tokens"), (headers.Status, headers.Reason));
        Assert.Contains("error=\"invalid_request\"", headers.Response.Headers["www-authenticate"], StringComparison.Ordinal);

        var filter = Filter(Options() with { Cookie = "at", Query = "t" });
        using var cookies = TestExchange.Get("/").WithHeader("cookie", $"at={Token()}").WithHeader("cookie", "at=x");
        await cookies.RunAsync(filter);
        using var query = TestExchange.Get($"/?t={Token()}&t");
        await query.RunAsync(filter);
        Assert.Equal(("jwt_several_tokens", "jwt_several_tokens"), (cookies.Reason, query.Reason));
    }

    [Theory]
    [InlineData("a.b", "jwt_malformed", "The token is malformed")]
    [InlineData("{\"alg\":\"none\"}", "jwt_algorithm_denied", "The token is not trusted")]
    [InlineData("{\"alg\":\"ES256\",\"kid\":\"k9\"}", "jwt_unknown_key", "The token is not trusted")]
    [InlineData("{\"alg\":\"ES256\",\"crit\":[\"x\"]}", "jwt_malformed", "The token is malformed")]
    [InlineData("{\"iss\":\"https://other.test\"}", "jwt_unknown_issuer", "The token is not trusted")]
    [InlineData("{}", "jwt_unknown_issuer", "The token is not trusted")]
    [InlineData("{\"iss\":\"https://login.test\",\"aud\":\"shop\",\"exp\":1000}", "jwt_expired", "The token has expired")]
    [InlineData("{\"iss\":\"https://login.test\",\"aud\":\"shop\",\"exp\":4102444800,\"nbf\":4102444700}", "jwt_not_yet_valid", "The token is not valid yet")]
    [InlineData("{\"iss\":\"https://login.test\",\"exp\":4102444800,\"aud\":\"x\"}", "jwt_wrong_audience", "The token is for another audience")]
    [InlineData("{\"iss\":\"https://login.test\",\"aud\":\"shop\"}", "jwt_claim_denied", "The token lacks what is needed")]
    [InlineData("{\"iss\":\"https://login.test\",\"exp\":4102444800,\"aud\":\"shop\",\"sub\":\"a\\r\\nx-admin: 1\"}", "jwt_claim_denied", "The token lacks what is needed")]
    public async Task What_is_wrong_with_a_token_is_told_as_RFC_6750_has_it(string part, string reason, string description)
    {
        var token = part[0] != '{' ? part
            : part.Contains("alg", StringComparison.Ordinal) ? _maker.SignText(part, $$"""{"iss":"{{Login}}","exp":4102444800,"aud":"shop"}""")
            : _maker.SignText("""{"alg":"ES256","kid":"k1"}""", part);
        using var exchange = Bearer(token);
        var options = Options() with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" } };
        await exchange.RunAsync(Filter(options with { Issuers = [options.Issuers[0] with { Audiences = ["shop"] }] }));
        Assert.Equal((401, reason), (exchange.Status, exchange.Reason));
        Assert.Equal($"Bearer realm=\"api\", error=\"invalid_token\", error_description=\"{description}\"", exchange.Response.Headers["www-authenticate"]);
        Assert.Null(exchange.User);

        var line = Assert.Single(_context.LogLines);
        Assert.StartsWith($"Information: {reason}: GET / of 192.0.2.1 is refused: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(token, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_of_another_key_is_refused()
    {
        using var eve = new TokenMaker();
        using var exchange = Bearer(eve.Sign(new { iss = Login, sub = "ada" }));
        await exchange.RunAsync(Filter());
        Assert.Equal("jwt_bad_signature", exchange.Reason);
    }

    [Fact]
    public async Task A_flood_of_bad_tokens_does_not_fill_the_log()
    {
        _context.Clock = new FakeTimeProvider();
        var filter = Filter();
        for (var i = 0; i < 100; i++)
        {
            using var exchange = Bearer("x");
            await exchange.RunAsync(filter);
        }

        Assert.Equal(5, _context.LogLines.Count);
        Assert.Equal(100, _context.Sum("filterproxy.jwt.tokens"));
    }

    [Theory]
    [InlineData("a,b")]
    [InlineData("a\nb")]
    [InlineData(" a")]
    public async Task A_claim_that_would_read_differently_in_a_header_is_not_told_but_refused(string role)
    {
        using var exchange = Bearer(_maker.Sign(new { iss = Login, roles = new[] { role } }));
        await exchange.RunAsync(Filter(Options() with { ClaimHeaders = new Dictionary<string, string> { ["x-roles"] = "roles" } }));
        Assert.Equal((401, "jwt_claim_denied"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task A_claim_beyond_ASCII_is_told_as_UTF_8()
    {
        using var exchange = Bearer(_maker.Sign(new { iss = Login, sub = "ädä" }));
        var run = await exchange.RunAsync(Filter(Options() with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" } }));
        Assert.True(run.Upstream!.Headers.TryGet("x-user"u8, out var value));
        Assert.Equal("ädä", System.Text.Encoding.UTF8.GetString(value));
    }

    [Fact]
    public async Task Each_issuer_has_its_own_keys_audiences_and_algorithms()
    {
        using var other = new TokenMaker("HS256", "secret");
        _folder.Write("secret.json", other.Jwks);
        var filter = Filter(Options() with
        {
            Issuers = [Options().Issuers[0], new() { Issuer = "inside", JwksFile = "secret.json", Algorithms = ["HS256"], Audiences = ["jobs"] }],
        });
        using var inside = Bearer(other.Sign(new { iss = "inside", sub = "cron", aud = "jobs" }));
        await inside.RunAsync(filter);
        Assert.Equal("cron", inside.User!.Identity!.Name);

        using var mixed = Bearer(other.Sign(new { iss = Login, sub = "cron" }));
        await mixed.RunAsync(filter);
        Assert.Equal("jwt_algorithm_denied", mixed.Reason);

        using var swapped = Bearer(_maker.Sign(new { iss = "inside", aud = "jobs" }));
        await swapped.RunAsync(filter);
        Assert.Equal("jwt_algorithm_denied", swapped.Reason);
    }

    [Theory]
    [InlineData("types", "jwt_malformed")]
    [InlineData("expiry", "")]
    [InlineData("age", "jwt_expired")]
    [InlineData("skew", "")]
    [InlineData("length", "jwt_malformed")]
    [InlineData("algorithms", "jwt_algorithm_denied")]
    public async Task An_issuers_options_hold(string option, string reason)
    {
        var now = DateTimeOffset.UtcNow;
        var issuer = Options().Issuers[0];
        var (options, token) = option switch
        {
            "types" => (issuer with { Types = ["at+jwt"] }, Token()),
            "expiry" => (issuer with { RequireExpiry = false }, _maker.SignText("""{"alg":"ES256"}""", $$"""{"iss":"{{Login}}"}""")),
            "age" => (issuer with { MaxAge = TimeSpan.FromMinutes(1) }, _maker.Sign(new { iss = Login, iat = now.AddMinutes(-3).ToUnixTimeSeconds() })),
            "skew" => (issuer with { ClockSkew = TimeSpan.FromMinutes(10) }, _maker.Sign(new { iss = Login, exp = now.AddMinutes(-5).ToUnixTimeSeconds() })),
            "algorithms" => (issuer with { Algorithms = ["RS256"] }, Token()),
            _ => (issuer, _maker.Sign(new { iss = Login, x = new string('x', 600) })),
        };
        using var exchange = Bearer(token);
        await exchange.RunAsync(Filter(new() { Issuers = [options], MaxToken = new ByteSize(option == "length" ? 500 : 8192) }));
        Assert.Equal(reason.Length == 0 ? "via_upstream" : reason, exchange.Reason);
    }

    [Theory]
    [InlineData("users_file: x", "unknown option 'users_file'")]
    [InlineData("realm: api", "issuers must name somebody")]
    [InlineData("issuers: [ { issuer: a } ]", "one of jwks_file, jwks_url and discovery")]
    [InlineData("issuers: [ { issuer: a, jwks_file: none.json } ]", "none.json")]
    [InlineData("issuers: [ { issuer: a, jwks_file: a, jwks_url: 'https://a/' } ]", "one of jwks_file, jwks_url and discovery")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'http://example.com/keys' } ]", "must be https")]
    [InlineData("issuers: [ { issuer: 'http://example.com', discovery: true } ]", "must be an https URL for discovery")]
    [InlineData("issuers: [ { issuer: a, jwks_file: a, algorithms: [RS255] } ]", "'RS255' is none of")]
    [InlineData("issuers: [ { issuer: a, jwks_file: a, algorithms: [none] } ]", "'none' is none of")]
    [InlineData("issuers: [ { issuer: a, jwks_file: a, algorithms: [RS256, HS256] } ]", "HS cannot stand beside others")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/', algorithms: [HS256] } ]", "secrets come from jwks_file alone")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/', cluster: nobody } ]", "there is no cluster 'nobody'")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/', clock_skew: 2h } ]", "must be between 0 and 1h")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' }, { issuer: a, jwks_url: 'https://a/' } ]", "an issuer is there twice")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], header: ''", "one of header, cookie and query")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], claim_headers: { 'x y': sub }", "'x y' is no header name")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], claim_headers: { Authorization: sub }", "'Authorization' cannot tell a claim")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], rules: [ { path: admin } ]", "'admin' is no path")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], rules: [ { issuers: [b] } ]", "'b' is none of the issuers")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], rules: [ { token: none, scopes: [x] } ]", "a rule without a token")]
    [InlineData("issuers: [ { issuer: a, jwks_url: 'https://a/' } ], rules: [ { scopes: ['a b'] } ]", "'a b' is no scope")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_without_keys_is_refused_with_its_name()
    {
        _folder.Write("keys.json", """{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"tiny"}]}""");
        Assert.Contains("keys.json: it has no key that can be used: key 'tiny': it has 17 bits", Assert.Throws<ArgumentException>(() => Filter()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Headers["x-user"]}|{r.Headers["authorization"]}"));
        var options = $"issuers: [ {{ issuer: '{Login}', jwks_file: '{_folder.Path}/keys.json' }} ], claim_headers: {{ x-user: sub }}, rules: [ {{ path: /open }}, {{ path: /deep/*, scopes: [admin] }} ]";
        await using var proxy = await StartAsync(upstream.Port, options, transport);
        await using var client = await proxy.ConnectAsync();
        var token = Token();
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("ada|", (await client.RoundTripAsync($"GET /open HTTP/1.1\r\nHost: a\r\nX-User: root\r\nAuthorization: Bearer {token}\r\n\r\n")).Text);
        }

        var missing = await client.RoundTripAsync("GET /open HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((401, "Bearer realm=\"api\""), (missing.Status, missing.Headers["www-authenticate"]));
        var scope = await client.RoundTripAsync($"GET /deep/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
        Assert.Equal((403, "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"admin\""), (scope.Status, scope.Headers["www-authenticate"]));
        Assert.Equal(403, (await client.RoundTripAsync($"GET /other HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n")).Status);
    }

    private static JwtAuthOptions Options() => new() { Issuers = [new() { Issuer = Login, JwksFile = "keys.json" }] };

    private static TestExchange Bearer(string token) => TestExchange.Get("/").WithHeader("authorization", $"Bearer {token}");

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ jwt_auth: {{ {options} }} }} ] }}", components: typeof(JwtAuthFilter));

    private string Token() => _maker.Sign(new { iss = Login, sub = "ada", realm = new { roles = new[] { "admin", "dev" } }, org = "acme", scope = "read write" });

    private JwtAuthFilter Filter(JwtAuthOptions? options = null) => new(options ?? Options(), _context);
}
