using FilterProxy.Filters.JwtAuth;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.JwtAuth;

public sealed class JwtRulesTests : IDisposable
{
    private readonly TestComponentContext _context = new();
    private readonly ScratchFolder _folder = new();
    private readonly TokenMaker _maker = new();

    public JwtRulesTests()
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

    [Theory]
    [InlineData("GET", "/open", "")]
    [InlineData("GET", "/open/x", "jwt_no_rule")]
    [InlineData("GET", "/OPEN", "jwt_no_rule")]
    [InlineData("GET", "/api", "jwt_missing")]
    [InlineData("GET", "/api/", "jwt_missing")]
    [InlineData("GET", "/api/a/b", "jwt_missing")]
    [InlineData("GET", "/apix", "jwt_no_rule")]
    [InlineData("OPTIONS", "/api/a", "")]
    [InlineData("GET", "/maybe/x", "")]
    public async Task The_first_rule_that_fits_counts_and_without_one_a_request_is_refused(string method, string path, string reason)
    {
        using var exchange = TestExchange.Create(method, path);
        var run = await exchange.RunAsync(Filter(
            new() { Path = ["/open"], Token = TokenNeed.None },
            new() { Path = ["/api/*"], Methods = ["OPTIONS", "HEAD"], Token = TokenNeed.None },
            new() { Path = ["/maybe/*"], Token = TokenNeed.Optional },
            new() { Path = ["/api/*", "/other"] }));
        Assert.Equal(reason.Length == 0 ? "via_upstream" : reason, exchange.Reason);
        Assert.Equal(reason.Length == 0, run.Upstream is not null);
    }

    [Fact]
    public async Task Requests_without_a_rule_pass_where_that_is_said()
    {
        using var exchange = TestExchange.Get("/x");
        Assert.NotNull((await exchange.RunAsync(Create([new() { Path = ["/api/*"] }], allowUnmatched: true))).Upstream);
    }

    [Fact]
    public async Task An_optional_token_that_does_not_hold_is_refused_all_the_same()
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", "Bearer x");
        await exchange.RunAsync(Filter(new JwtRuleOptions { Token = TokenNeed.Optional }));
        Assert.Equal("jwt_malformed", exchange.Reason);
    }

    [Theory]
    [InlineData("scopes", "read", "")]
    [InlineData("scopes", "read write", "")]
    [InlineData("scopes", "read admin", "jwt_insufficient_scope")]
    [InlineData("any", "admin write", "")]
    [InlineData("any", "admin root", "jwt_insufficient_scope")]
    [InlineData("any", "READ", "jwt_insufficient_scope")]
    [InlineData("claim", "level 3", "")]
    [InlineData("claim", "level 4", "jwt_not_permitted")]
    [InlineData("claim", "level 4 3", "")]
    [InlineData("claim", "realm.roles dev", "")]
    [InlineData("claim", "realm.roles ops", "jwt_not_permitted")]
    [InlineData("claim", "email", "jwt_not_permitted")]
    [InlineData("claim", "realm", "")]
    [InlineData("audience", "shop", "")]
    [InlineData("audience", "bank", "jwt_wrong_audience")]
    [InlineData("issuer", "login", "")]
    [InlineData("issuer", "other", "jwt_not_permitted")]
    public async Task A_rule_may_demand_scopes_claims_audiences_and_issuers(string what, string values, string reason)
    {
        var words = values.Split(' ');
        var rule = what switch
        {
            "scopes" => new JwtRuleOptions { Scopes = words },
            "any" => new() { AnyScope = words },
            "audience" => new() { Audiences = words },
            "issuer" => new() { Issuers = words },
            _ => new() { Claims = new Dictionary<string, IReadOnlyList<string>> { [words[0]] = words[1..] } },
        };
        var filter = Filter(rule);

        // Once as a token that is checked, once as one that is remembered.
        var token = _maker.Sign(new { iss = "login", aud = "shop", scope = "read write", level = 3, realm = new { roles = new[] { "dev" } } });
        for (var i = 0; i < 2; i++)
        {
            using var exchange = TestExchange.Get("/").WithHeader("authorization", $"Bearer {token}");
            await exchange.RunAsync(filter);
            Assert.Equal(reason.Length == 0 ? "via_upstream" : reason, exchange.Reason);
            Assert.Equal(reason.Length == 0, exchange.User is not null);
        }
    }

    [Fact]
    public async Task Scopes_may_be_a_list_under_another_name()
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", "Bearer " + _maker.Sign(new { iss = "login", scp = new[] { "a", "b" } }));
        await exchange.RunAsync(Create([new() { Scopes = ["a", "b"] }], scope: "scp"));
        Assert.Equal(["a", "b"], exchange.User!.FindAll("scope").Select(claim => claim.Value));
    }

    private JwtAuthFilter Filter(params JwtRuleOptions[] rules) => Create(rules);

    private JwtAuthFilter Create(JwtRuleOptions[] rules, bool allowUnmatched = false, string scope = "scope") => new(
        new()
        {
            Issuers = [new() { Issuer = "login", JwksFile = "keys.json" }, new() { Issuer = "other", JwksFile = "keys.json" }],
            Rules = rules,
            AllowUnmatched = allowUnmatched,
            ScopeClaim = scope,
        },
        _context);
}
