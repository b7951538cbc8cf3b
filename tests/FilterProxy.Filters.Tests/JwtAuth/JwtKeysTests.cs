using System.Net;
using System.Text;
using FilterProxy.Filters.JwtAuth;
using FilterProxy.Filters.Tests.Jose;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.JwtAuth;

/// <summary>Keys that are fetched, and tokens that are remembered.</summary>
public sealed class JwtKeysTests : IDisposable
{
    private const string Login = "https://login.test/realm";
    private readonly TestComponentContext _context = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly TokenMaker _one = new("ES256", "one"), _two = new("ES256", "two");
    private readonly List<string> _asked = [];
    private Func<string, string?> _answer;

    public JwtKeysTests()
    {
        _answer = _ => _one.Jwks;
        _context.Clock = _clock;
        _context.Clusters["login"] = new TestCluster("login", "127.0.0.1:1");
        _context.Http = (request, _) =>
        {
            lock (_asked)
            {
                _asked.Add($"{request.RequestUri} {request.Headers.Host}");
            }

            return _answer(request.RequestUri!.AbsolutePath) is { } text
                ? Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) })
                : throw new HttpRequestException("connection refused");
        };
    }

    public void Dispose()
    {
        _context.Dispose();
        _one.Dispose();
        _two.Dispose();
    }

    [Fact]
    public async Task Keys_are_fetched_for_the_first_token_and_kept()
    {
        await using var filter = Create();
        Assert.Equal(("", ""), (await ReasonAsync(filter, Token(_one)), await ReasonAsync(filter, Token(_one, "bob"))));
        Assert.Equal(["http://login.test/keys login.test"], _asked);
    }

    [Fact]
    public async Task A_key_that_is_new_is_fetched_at_once_and_one_that_is_made_up_not_over_and_over()
    {
        await using var filter = Create();
        await ReasonAsync(filter, Token(_one));
        _answer = _ => TokenMaker.SetOf(_one, _two);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("", await ReasonAsync(filter, Token(_two)));

        using var eve = new TokenMaker("ES256", "eve");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("jwt_unknown_key", await ReasonAsync(filter, Token(eve)));
        }

        Assert.Equal(2, _asked.Count);
    }

    [Fact]
    public async Task A_token_whose_key_is_no_longer_published_is_forgotten()
    {
        await using var filter = Create();
        var token = Token(_one);
        await ReasonAsync(filter, token);
        _answer = _ => _two.Jwks;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("", await ReasonAsync(filter, token));
        Assert.Equal("", await ReasonAsync(filter, Token(_two)));
        Assert.Equal("jwt_unknown_key", await ReasonAsync(filter, token));
    }

    [Fact]
    public async Task While_the_provider_is_down_old_keys_serve_and_without_any_requests_are_refused_as_ours_to_mend()
    {
        await using var filter = Create();
        await ReasonAsync(filter, Token(_one));
        _answer = _ => null;
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("", await ReasonAsync(filter, Token(_one, "later")));

        await using var cold = Create();
        using var exchange = TestExchange.Get("/").WithHeader("authorization", $"Bearer {Token(_one)}");
        await cold.OnRequestAsync(exchange);
        Assert.Equal((503, "jwt_keys_unavailable", "5"), (exchange.Status, exchange.Reason, exchange.Response.Headers["retry-after"]));
    }

    [Theory]
    [InlineData("<html>")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"EC"}],"keys":[]}""")]
    public async Task A_provider_that_talks_nonsense_changes_nothing(string nonsense)
    {
        await using var filter = Create();
        await ReasonAsync(filter, Token(_one));
        _answer = _ => nonsense;
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal("jwt_unknown_key", await ReasonAsync(filter, Token(_two)));
        Assert.Equal("", await ReasonAsync(filter, Token(_one, "later")));
        Assert.Contains(_context.LogLines, line => line.StartsWith("Error: The keys of 'https://login.test/realm' cannot be fetched: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_provider_may_tell_where_its_keys_are()
    {
        _answer = path => path == "/realm/.well-known/openid-configuration" ? $$"""{"issuer":"{{Login}}","jwks_uri":"https://login.test/certs"}""" : _one.Jwks;
        await using var filter = Create(discovery: true);
        Assert.Equal("", await ReasonAsync(filter, Token(_one)));
        Assert.Equal(["http://login.test/realm/.well-known/openid-configuration login.test", "http://login.test/certs login.test"], _asked);
    }

    [Theory]
    [InlineData("""{"issuer":"https://evil.test","jwks_uri":"https://login.test/certs"}""", "calls itself 'https://evil.test'")]
    [InlineData("""{"issuer":"https://login.test/realm","jwks_uri":"ftp://login.test/certs"}""", "jwks_uri is no https URL")]
    [InlineData("""{"issuer":"https://login.test/realm"}""", "tells no jwks_uri")]
    [InlineData("[]", "metadata is no object")]
    public async Task A_provider_that_speaks_for_another_is_not_believed(string metadata, string problem)
    {
        _answer = _ => metadata;
        await using var filter = Create(discovery: true);
        Assert.Equal("jwt_keys_unavailable", await ReasonAsync(filter, Token(_one)));
        Assert.Contains(_context.LogLines, line => line.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_are_there_before_the_first_request_and_survive_a_change_of_options()
    {
        var filter = Create();
        await filter.StartAsync(default);
        Assert.Single(_asked);
        Assert.Equal("", await ReasonAsync(filter, Token(_one)));

        _answer = _ => null;
        _context.Replaced = filter;
        await using var next = Create();
        await filter.DisposeAsync();
        Assert.Equal("", await ReasonAsync(next, Token(_one)));
    }

    [Fact]
    public async Task A_provider_that_hangs_does_not_keep_the_proxy_from_starting()
    {
        _context.Http = (_, cancel) => new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancel);
        await using var filter = Create();
        var starting = filter.StartAsync(default).AsTask();
        await Poll.UntilAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return starting.IsCompleted;
        });
        await starting;
    }

    [Fact]
    public async Task A_remembered_token_ends_with_its_time_also_when_the_clock_on_the_wall_is_set()
    {
        await using var filter = Create();
        var token = _one.Sign(new { iss = Login, exp = _clock.GetUtcNow().AddMinutes(2).ToUnixTimeSeconds() });
        Assert.Equal("", await ReasonAsync(filter, token));
        _clock.SetWallClock(TimeSpan.FromMinutes(4));
        Assert.Equal("jwt_expired", await ReasonAsync(filter, token));
        _clock.SetWallClock(TimeSpan.FromMinutes(-4));
        Assert.Equal("", await ReasonAsync(filter, token));
        _clock.SetWallClock(TimeSpan.FromHours(-1));
        Assert.Equal("", await ReasonAsync(filter, token));
        Assert.Equal(4, _context.Sum("filterproxy.jwt.tokens"));

        // An hour back the token would hold for an hour more: it is checked again all the same once the time to remember it has passed.
        _answer = _ => _two.Jwks;
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("", await ReasonAsync(filter, Token(_two)));
        Assert.Equal("jwt_unknown_key", await ReasonAsync(filter, token));
    }

    [Fact]
    public async Task A_remembered_token_becomes_too_old_as_others_do()
    {
        var options = Options();
        await using var filter = new JwtAuthFilter(options with { Issuers = [options.Issuers[0] with { MaxAge = TimeSpan.FromMinutes(1) }] }, _context);
        var token = _one.Sign(new { iss = Login, iat = _clock.GetUtcNow().ToUnixTimeSeconds() }, now: _clock.GetUtcNow().AddHours(1));
        Assert.Equal("", await ReasonAsync(filter, token));
        _clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal("jwt_expired", await ReasonAsync(filter, token));
    }

    [Fact]
    public async Task A_remembered_token_costs_no_memory()
    {
        await using var filter = new JwtAuthFilter(
            Options() with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub", ["x-roles"] = "roles" }, Metadata = new Dictionary<string, string> { ["org"] = "org" } }, _context);
        var token = Encoding.ASCII.GetBytes("Bearer " + _one.Sign(new { iss = Login, sub = "ada", roles = new[] { "a", "b" }, org = "acme" }, now: _clock.GetUtcNow()));
        using var exchange = TestExchange.Get("/");
        exchange.Request.Headers.Set(KnownHeader.Authorization, token);
        await filter.OnRequestAsync(exchange);
        Assert.Equal(0, Allocations.Of(() =>
        {
            exchange.Request.Headers.Set(KnownHeader.Authorization, token);
            Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully);
        }));
        Assert.Equal("ada", exchange.Request.Headers["x-user"]);
    }

    [Fact]
    public async Task No_more_tokens_are_remembered_than_were_allowed()
    {
        await using var filter = new JwtAuthFilter(Options() with { CacheTokens = 8 }, _context);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal("", await ReasonAsync(filter, Token(_one, $"user{i}")));
        }

        var view = View(filter);
        Assert.Contains("\"remembered_tokens_most\":8", view, StringComparison.Ordinal);
        Assert.DoesNotContain("user1", view, StringComparison.Ordinal);
        Assert.Contains("\"keys\":[\"one\"]", view, StringComparison.Ordinal);

        Assert.True((await filter.RunAsync("jwt_forget", new Dictionary<string, string>(), default)).IsDone);
        Assert.Contains("\"remembered_tokens\":0,", View(filter), StringComparison.Ordinal);
    }

    [Fact]
    public async Task None_may_be_remembered()
    {
        await using var filter = new JwtAuthFilter(Options() with { CacheTokens = 0 }, _context);
        var token = Token(_one);
        Assert.Equal(("", ""), (await ReasonAsync(filter, token), await ReasonAsync(filter, token)));
        Assert.Contains("\"remembered_tokens\":0,", View(filter), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_goes_away_while_keys_are_fetched_is_let_go()
    {
        _context.Http = (_, cancel) => new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancel);
        await using var filter = Create();
        using var exchange = TestExchange.Get("/").WithHeader("authorization", $"Bearer {Token(_one)}");
        var waiting = filter.OnRequestAsync(exchange).AsTask();
        exchange.CloseDownstream();
        Assert.Equal(FilterStatus.Stop, await waiting);
        Assert.Equal("client_closed", exchange.AbortedWith);
    }

    [Fact]
    public async Task Keys_come_over_the_net_from_this_machine()
    {
        await using var provider = TestUpstream.Start(_ => UpstreamResponse.Ok(_one.Jwks));
        _context.Clock = TimeProvider.System;
        await using var filter = new JwtAuthFilter(
            new() { Issuers = [new() { Issuer = "local", JwksUrl = new Uri($"http://127.0.0.1:{provider.Port}/keys") }] }, _context);
        Assert.Equal("", await ReasonAsync(filter, _one.Sign(new { iss = "local" })));
        Assert.Equal("/keys", Assert.Single(provider.Requests).Target);
    }

    private static JwtAuthOptions Options(bool discovery = false) => new()
    {
        Issuers =
        [
            new() { Issuer = Login, JwksUrl = discovery ? null : new Uri("https://login.test/keys"), Discovery = discovery, Cluster = "login" },
        ],
    };

    private static async Task<string> ReasonAsync(JwtAuthFilter filter, string token)
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", $"Bearer {token}");
        await filter.OnRequestAsync(exchange);
        return exchange.Reason;
    }

    private static string View(JwtAuthFilter filter)
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
        {
            filter.WriteView(writer);
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private JwtAuthFilter Create(bool discovery = false) => new(Options(discovery), _context);

    private string Token(TokenMaker maker, string subject = "ada") => maker.Sign(new { iss = Login, sub = subject }, now: _clock.GetUtcNow().AddHours(10));
}
