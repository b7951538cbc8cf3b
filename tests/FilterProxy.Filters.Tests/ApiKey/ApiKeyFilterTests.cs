using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.ApiKey;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ApiKey;

public sealed class ApiKeyFilterTests : IDisposable
{
    private const string Key = "fp_0123456789abcdef0123456789abcdef";
    private const string Other = "fp_fedcba9876543210fedcba9876543210";
    private readonly TestComponentContext _context = new();
    private readonly ScratchFolder _folder = new();

    public ApiKeyFilterTests() => _context.Directory = _folder.Path;

    public void Dispose()
    {
        _context.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_known_key_passes_says_whose_it_is_and_goes_no_further()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Key).WithHeader("x-api-owner", "root");
        var run = await exchange.RunAsync(Filter(Options(Entry() with { Scopes = ["read"], Claims = new Dictionary<string, string> { ["tenant"] = "acme" } })));
        Assert.Equal(("ada", null), (run.Upstream!.Headers["x-api-owner"], run.Upstream.Headers["x-api-key"]));
        Assert.Equal(("ada", "k1", "acme"), (exchange.Metadata["api_key", "owner"], exchange.Metadata["api_key", "id"], exchange.Metadata["api_key", "tenant"]));
        Assert.Equal(("ada", "acme"), (exchange.User!.Identity!.Name, exchange.User.FindFirst("tenant")!.Value));
        Assert.True(exchange.User.HasClaim("scope", "read"));
    }

    [Theory]
    [InlineData("fp_0123456789abcdef0123456789abcdee")]
    [InlineData("FP_0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("fp_0123456789abcdef0123456789abcdef0")]
    [InlineData("short")]
    [InlineData("")]
    [InlineData("sha256:b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78")]
    public async Task A_key_nobody_has_is_refused(string key)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", key);
        await exchange.RunAsync(Filter(Options(Entry())));
        Assert.Equal((401, "api_key_unknown", "ApiKey realm=\"api\""), (exchange.Status, exchange.Reason, exchange.Response.Headers["www-authenticate"]));
        Assert.Null(exchange.User);
    }

    [Fact]
    public async Task A_key_too_short_to_be_secret_is_refused_even_if_somebody_wrote_it_down()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", "hunter2");
        await exchange.RunAsync(Filter(Options(Entry() with { Hash = Hash("hunter2") })));
        Assert.Equal("api_key_unknown", exchange.Reason);
    }

    [Fact]
    public async Task A_refusal_is_logged_without_the_key()
    {
        using var exchange = TestExchange.Get($"/a?key={Other}").WithHeader("x-api-key", Other);
        await exchange.RunAsync(Filter(Options(Entry())));
        Assert.Equal("Information: api_key_unknown: GET /a of 192.0.2.1 is refused: nobody has such a key.", Assert.Single(_context.LogLines));
    }

    [Fact]
    public async Task Without_a_key_one_is_asked_for_unless_it_need_not_be()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-owner", "root");
        await exchange.RunAsync(Filter(Options(Entry())));
        Assert.Equal((401, "api_key_missing"), (exchange.Status, exchange.Reason));

        using var optional = TestExchange.Get("/").WithHeader("x-api-owner", "root");
        var run = await optional.RunAsync(Filter(Options(Entry()) with { Optional = true }));
        Assert.Null(run.Upstream!.Headers["x-api-owner"]);

        using var wrong = TestExchange.Get("/").WithHeader("x-api-key", Other);
        await wrong.RunAsync(Filter(Options(Entry()) with { Optional = true }));
        Assert.Equal("api_key_unknown", wrong.Reason);
    }

    [Fact]
    public async Task A_key_may_be_in_another_header_a_cookie_or_the_query()
    {
        var filter = Filter(Options(Entry()) with { Header = "authorization", Scheme = "ApiKey", Cookie = "key", Query = "key", OwnerHeader = "x-who", Realm = "jobs" });
        using var header = TestExchange.Get("/").WithHeader("authorization", $"apikey {Key}");
        using var cookie = TestExchange.Get("/").WithHeader("cookie", $"a=b; key={Key}");
        using var query = TestExchange.Get($"/?key={Key}&a=b");
        Assert.Equal((null, "ada"), Of(await header.RunAsync(filter), "authorization"));
        Assert.Equal(("a=b", "ada"), Of(await cookie.RunAsync(filter), "cookie"));
        Assert.Equal("a=b", (await query.RunAsync(filter)).Upstream!.QueryText);

        using var none = TestExchange.Get("/").WithHeader("authorization", $"Bearer {Key}");
        await none.RunAsync(filter);
        Assert.Equal("ApiKey realm=\"jobs\"", none.Response.Headers["www-authenticate"]);

        static (string?, string?) Of(TestRun run, string name) => (run.Upstream!.Headers[name], run.Upstream.Headers["x-who"]);
    }

    [Fact]
    public async Task Two_keys_in_one_place_are_refused()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Key).WithHeader("X-Api-Key", Other);
        await exchange.RunAsync(Filter(Options(Entry())));
        Assert.Equal((400, "api_key_several"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task The_upstream_may_get_the_key_and_need_not_get_the_owner()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Key);
        var run = await exchange.RunAsync(Filter(Options(Entry()) with { Forward = true, OwnerHeader = "" }));
        Assert.Equal((Key, null), (run.Upstream!.Headers["x-api-key"], run.Upstream.Headers["x-api-owner"]));
    }

    [Theory]
    [InlineData(null, null, "")]
    [InlineData("2030-01-01", null, "")]
    [InlineData("2030-01-01T00:00:01Z", null, "api_key_not_yet_valid")]
    [InlineData(null, "2030-01-01T00:00:01Z", "")]
    [InlineData(null, "2030-01-01T01:00:00+01:00", "api_key_expired")]
    [InlineData(null, "2029-12-31", "api_key_expired")]
    public async Task A_key_has_its_time(string? begins, string? ends, string reason)
    {
        _context.Clock = new FakeTimeProvider();
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Key);
        await exchange.RunAsync(Filter(Options(Entry() with { NotBefore = begins, Expires = ends })));
        Assert.Equal(reason.Length == 0 ? "via_upstream" : reason, exchange.Reason);
    }

    [Fact]
    public async Task An_owner_may_have_several_keys_while_they_are_changed()
    {
        var filter = Filter(Options(Entry(), new() { Id = "k2", Hash = Hash(Other), Owner = "ada" }));
        foreach (var key in new[] { Key, Other })
        {
            using var exchange = TestExchange.Get("/").WithHeader("x-api-key", key);
            await exchange.RunAsync(filter);
            Assert.Equal("ada", exchange.User!.Identity!.Name);
        }
    }

    [Fact]
    public async Task Scopes_may_be_demanded()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Key);
        await exchange.RunAsync(Filter(Options(Entry() with { Scopes = ["read"] }) with { Scopes = ["read", "write"] }));
        Assert.Equal((403, "api_key_insufficient_scope"), (exchange.Status, exchange.Reason));
        Assert.Null(exchange.User);
        Assert.Contains("the key 'k1' lacks the scope 'write'", _context.LogLines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_may_be_in_a_file()
    {
        _folder.Write("keys.json", $$"""{ "keys": [ { "id": "k9", "hash": "{{Hash(Other)}}", "owner": "bob", "scopes": ["a"], "not_before": "2020-01-01", "expires": "2999-01-01", "claims": { "tenant": "t" } } ] }""");
        using var exchange = TestExchange.Get("/").WithHeader("x-api-key", Other);
        await exchange.RunAsync(Filter(new() { KeysFile = "keys.json" }));
        Assert.Equal("bob", exchange.User!.Identity!.Name);
    }

    [Theory]
    [InlineData("", ":1: expected")]
    [InlineData("{}", ":1: expected")]
    [InlineData("""{"keys":[],"keys":[]}""", ":1: expected")]
    [InlineData("{\n\"keys\":[{\"secret\":\"hunter2hunter2hunter2\"}]}", ":2: expected")]
    [InlineData("""{"keys":[{"id":"a","owner":"b","hash":"hunter2hunter2hunter2"}]}""", "the hash of 'a' is not")]
    public void A_file_that_is_none_is_refused_without_showing_what_is_in_it(string text, string message)
    {
        _folder.Write("keys.json", text);
        var error = Assert.Throws<ArgumentException>(() => Filter(new() { KeysFile = "keys.json" })).Message;
        Assert.Contains("keys.json", error, StringComparison.Ordinal);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_operators_see_shows_no_hash()
    {
        using var stream = new MemoryStream();
        using (var writer = new System.Text.Json.Utf8JsonWriter(stream))
        {
            Filter(Options(Entry() with { Expires = "2020-01-01" })).WriteView(writer);
        }

        Assert.Equal("""{"count":1,"keys":[{"id":"k1","owner":"ada","state":"expired","expires":"2020-01-01T00:00:00+00:00"}]}""", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Allocates_nothing()
    {
        var filter = Filter(Options(Entry() with { Scopes = ["read"] }) with { Scopes = ["read"], Cookie = "key" });
        using var exchange = TestExchange.Get("/");
        var key = Encoding.ASCII.GetBytes(Key);
        Assert.Equal(0, Allocations.Of(() =>
        {
            exchange.Request.Headers.Set("x-api-key"u8, key);
            Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully);
        }));
        Assert.NotNull(exchange.User);
        Assert.True(_context.Sum("filterproxy.api_key.requests") > 0);
    }

    [Fact]
    public async Task The_command_makes_a_key_and_its_hash()
    {
        using var output = new StringWriter();
        Assert.Equal(0, await new NewApiKeyCommand().RunAsync([], output, default));
        var lines = output.ToString().Split('\n');
        Assert.Equal(Hash(lines[0]["key:  ".Length..].Trim()), lines[1]["hash: ".Length..].Trim());
        Assert.Equal(1, await new NewApiKeyCommand().RunAsync(["x"], output, default));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Headers["x-api-owner"]}|{r.Headers["x-api-key"]}"));
        await using var proxy = await StartAsync(upstream.Port, $"keys: [ {{ id: k1, owner: ada, hash: '{Hash(Key)}' }} ]", transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("ada|", (await client.RoundTripAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Api-Owner: root\r\nX-Api-Key: {Key}\r\n\r\n")).Text);
        Assert.Equal(401, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("realm: x", "must have a key")]
    [InlineData("redis: { cluster: nobody }", "there is no cluster 'nobody'")]
    [InlineData("keys: [ { id: a, owner: b, hash: secret } ]", "the hash of 'a' is not")]
    [InlineData("keys: [ { owner: b, hash: HASH } ]", "a key has no id")]
    [InlineData("keys: [ { id: a, hash: HASH } ]", "the owner of 'a' is missing")]
    [InlineData("keys: [ { id: a, owner: b, hash: HASH, scopes: ['a b'] } ]", "'a b' of 'a' is no scope")]
    [InlineData("keys: [ { id: a, owner: b, hash: HASH, expires: tomorrow } ]", "'tomorrow' of 'a' is no time")]
    [InlineData("keys: [ { id: a, owner: b, hash: HASH, claims: { sub: x } } ]", "the claim 'sub' of 'a'")]
    [InlineData("keys: [ { id: a, owner: b, hash: HASH }, { id: b, owner: b, hash: HASH } ]", "'b' is the same key as 'a'")]
    [InlineData("keys: [ { id: a, owner: b, hash: HASH }, { id: a, owner: b, hash: HASH } ]", "the id 'a' is there twice")]
    [InlineData("keys_file: none.json", "none.json")]
    [InlineData("keys_file: a, header: ''", "one of header, cookie and query")]
    [InlineData("keys_file: a, owner_header: 'a b'", "'a b' is no header name")]
    [InlineData("keys_file: a, realm: 'a\"b'", "without quotes")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message,
        (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options.Replace("HASH", $"'{Hash(Key)}'"), TestTransport.Sockets))).Message,
        StringComparison.Ordinal);

    private static string Hash(string key) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key)))}";

    private static ApiKeyEntry Entry() => new() { Id = "k1", Hash = Hash(Key), Owner = "ada" };

    private static ApiKeyOptions Options(params ApiKeyEntry[] entries) => new() { Keys = entries };

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ api_key: {{ {options} }} }} ] }}", components: typeof(ApiKeyFilter));

    private ApiKeyFilter Filter(ApiKeyOptions options) => new(options, _context);
}
