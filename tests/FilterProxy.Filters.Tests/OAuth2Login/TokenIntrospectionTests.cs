using System.Text.Json.Nodes;
using FilterProxy.Filters.OAuth2Login.Introspection;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.OAuth2Login;

/// <summary>Tokens only the provider knows about.</summary>
public sealed class TokenIntrospectionTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeProvider _provider;
    private readonly TestComponentContext _context;
    private readonly CancellationTokenSource _stop = new();
    private TokenIntrospectionFilter? _filter;

    public TokenIntrospectionTests()
    {
        _provider = new FakeProvider(_clock);
        _context = new TestComponentContext { Clock = _clock };
        _provider.Opaque["good"] = Active();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await (_filter?.DisposeAsync() ?? default);
        await _provider.DisposeAsync();
        _context.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task An_active_token_passes_with_its_claims()
    {
        await StartAsync(o => o with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" } });

        var answer = await SendAsync("Bearer good", ("x-user", "root"));

        Assert.True(answer.Passed);
        Assert.Equal("ada", answer.Upstream["x-user"]);
        Assert.True(answer.User!.IsInRole("admin"));
        Assert.True(answer.User.HasClaim("scope", "write"));
    }

    [Theory]
    [InlineData("", 401, "introspection_token_required")]
    [InlineData("Basic good", 401, "introspection_token_required")]
    [InlineData("Bearer bad token", 401, "introspection_token_required")]
    [InlineData("Bearer unknown", 401, "introspection_token_denied")]
    [InlineData("Bearer expired", 401, "introspection_token_denied")]
    [InlineData("Bearer foreign", 401, "introspection_token_denied")]
    [InlineData("Bearer bound", 401, "introspection_token_denied")]
    [InlineData("Bearer early", 401, "introspection_token_denied")]
    [InlineData("Bearer text", 401, "introspection_token_denied")]
    [InlineData("Bearer garbage", 503, "introspection_unavailable")]
    public async Task Other_tokens_do_not(string authorization, int status, string reason)
    {
        await StartAsync();
        _provider.Opaque["expired"] = With("exp", _provider.Now - 600);
        _provider.Opaque["foreign"] = With("iss", "https://evil.example");
        _provider.Opaque["bound"] = With("cnf", new JsonObject { ["jkt"] = "x" });
        _provider.Opaque["early"] = With("nbf", _provider.Now + 600);
        _provider.Opaque["text"] = With("active", "true");
        _provider.Opaque["garbage"] = With("exp", "tomorrow");

        var answer = await SendAsync(authorization);

        Assert.Equal((status, reason), (answer.Status, answer.Reason));
    }

    [Fact]
    public async Task A_token_for_another_audience_or_with_too_little_scope_does_not()
    {
        await StartAsync(o => o with { Audiences = ["shop"], Scopes = ["admin"] });
        _provider.Opaque["shop"] = With("aud", "shop");

        Assert.Equal("introspection_token_denied", (await SendAsync("Bearer good")).Reason);
        Assert.Equal((403, "introspection_scope_denied"), ((await SendAsync("Bearer shop")).Status, (await SendAsync("Bearer shop")).Reason));
    }

    [Fact]
    public async Task An_answer_is_believed_for_a_while_and_no_longer_than_the_token_lives()
    {
        await StartAsync();
        _provider.Opaque["short"] = With("exp", _provider.Now + 30);
        for (var i = 0; i < 5; i++)
        {
            Assert.True((await SendAsync("Bearer good")).Passed);
            Assert.True((await SendAsync("Bearer short")).Passed);
        }

        Assert.Equal(2, _provider.Count("/introspect"));
        _provider.Opaque.Clear();
        _clock.Advance(TimeSpan.FromSeconds(40));
        Assert.True((await SendAsync("Bearer good")).Passed);
        Assert.False((await SendAsync("Bearer short")).Passed);
        _clock.Advance(TimeSpan.FromSeconds(21));
        Assert.False((await SendAsync("Bearer good")).Passed);
    }

    [Fact]
    public async Task Requests_with_one_token_share_one_question()
    {
        await StartAsync();
        var gate = new TaskCompletionSource();
        _provider.Gate = gate.Task;

        var coming = Enumerable.Range(0, 20).Select(_ => SendAsync("Bearer good")).ToList();
        await Poll.UntilAsync(() => _provider.Count("/introspect") == 1);
        gate.SetResult();

        Assert.All(await Task.WhenAll(coming), answer => Assert.True(answer.Passed));
        Assert.Equal(1, _provider.Count("/introspect"));
    }

    [Fact]
    public async Task While_the_provider_is_away_known_tokens_pass_only_as_long_as_that_is_wanted()
    {
        await StartAsync(o => o with { Stale = TimeSpan.FromMinutes(5) });
        Assert.True((await SendAsync("Bearer good")).Passed);
        _provider.Instead = path => path == "/introspect" ? UpstreamResponse.CloseNow() : null;

        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True((await SendAsync("Bearer good")).Passed);
        Assert.True((await SendAsync("Bearer good")).Passed);
        Assert.Equal((503, "introspection_unavailable"), ((await SendAsync("Bearer other")).Status, (await SendAsync("Bearer other")).Reason));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(503, (await SendAsync("Bearer good")).Status);
    }

    [Fact]
    public async Task Two_authorization_fields_are_none()
    {
        await StartAsync();

        Assert.Equal("introspection_token_required", (await SendAsync("Bearer good", ("authorization", "Bearer other"))).Reason);
    }

    [Fact]
    public async Task A_known_token_allocates_nothing()
    {
        await StartAsync(o => o with { ClaimHeaders = new Dictionary<string, string> { ["x-user"] = "sub" } });
        using var exchange = TestExchange.Get("/").WithHeader("authorization", "Bearer good").WithHeader("x-room", new string('x', 1 << 20));
        Assert.Equal(FilterStatus.Continue, await _filter!.OnRequestAsync(exchange));

        Assert.Equal(0, Allocations.Of(() => Assert.True(_filter.OnRequestAsync(exchange) is { IsCompletedSuccessfully: true, Result: FilterStatus.Continue })));
    }

    private async Task StartAsync(Func<TokenIntrospectionOptions, TokenIntrospectionOptions>? change = null)
    {
        var options = new TokenIntrospectionOptions { Issuer = _provider.Issuer, ClientId = FakeProvider.ClientId, ClientSecret = FakeProvider.Secret };
        _filter = new TokenIntrospectionFilter(change?.Invoke(options) ?? options, _context);
        await _filter.StartAsync(_stop.Token);
    }

    private Task<Browser.Answer> SendAsync(string authorization, params (string Name, string Value)[] headers) =>
        new Browser(_filter!).SendAsync("GET", "/", authorization.Length == 0 ? headers : [("authorization", authorization), .. headers]);

    private JsonObject Active() => new()
    {
        ["active"] = true, ["sub"] = "ada", ["scope"] = "read write", ["roles"] = new JsonArray("admin"), ["iss"] = _provider.Issuer, ["exp"] = _provider.Now + 3600,
    };

    private JsonObject With(string name, JsonNode value)
    {
        var token = Active();
        token[name] = value;
        return token;
    }
}
