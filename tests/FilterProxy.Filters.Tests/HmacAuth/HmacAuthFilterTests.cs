using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.HmacAuth;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.HmacAuth;

public sealed class HmacAuthFilterTests : IDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private readonly TestComponentContext _context = new();
    private readonly FakeTimeProvider _clock = new();
    private int _nonces;

    public HmacAuthFilterTests() => _context.Clock = _clock;

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task A_signed_request_passes_and_says_whose_it_is()
    {
        using var exchange = Signed("POST", "/a/../b?c=d", "{\"a\":1}").WithHeader("x-api-owner", "root");
        var run = await exchange.RunAsync(Filter());
        Assert.Equal(("acme", null), (run.Upstream!.Headers["x-api-owner"], run.Upstream.Headers["authorization"]));
        Assert.Equal(("acme", "jobs"), (exchange.Metadata["hmac", "owner"], exchange.Metadata["hmac", "key"]));
        Assert.True(exchange.User!.HasClaim("scope", "hooks"));
        Assert.Equal("{\"a\":1}", Encoding.UTF8.GetString(run.RequestBody));
    }

    [Fact]
    public void The_signed_text_is_what_the_README_says()
    {
        using var exchange = TestExchange.Post("/hooks/a?b=c", "{\"a\":1}").WithHost("api.example.com").WithHeader("content-type", "application/json").WithHeader("x-id", "1").WithHeader("X-Id", "2");
        var field = new SignatureField("jobs", 1893456000, "0f3a9c0d5b7e4c21", ["content-type", "x-id", "x-none"], []);
        Assert.Equal(
            "FP-HMAC-SHA256\nPOST\napi.example.com\n/hooks/a?b=c\n1893456000\n0f3a9c0d5b7e4c21\ncontent-type:application/json\nx-id:1,2\nx-none:\n015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\n",
            Encoding.ASCII.GetString(SignedText.Of(exchange.Request, field, new("{\"a\":1}"u8.ToArray()))));
    }

    [Theory]
    [InlineData("method")]
    [InlineData("host")]
    [InlineData("target")]
    [InlineData("query")]
    [InlineData("body")]
    [InlineData("header")]
    [InlineData("header-added")]
    [InlineData("time")]
    [InlineData("nonce")]
    [InlineData("secret")]
    [InlineData("key")]
    public async Task Nothing_that_is_signed_can_be_changed(string what)
    {
        using var signed = Signed("POST", "/a?b=c", "body", headers: "x-id", value: "7");
        var authorization = signed.Request.Headers["authorization"]!;
        using var changed = TestExchange.Create(
            what == "method" ? "PUT" : "POST", what switch { "target" => "/A?b=c", "query" => "/a?b=d", _ => "/a?b=c" }, Encoding.ASCII.GetBytes(what == "body" ? "bodY" : "body"))
            .WithHost(what == "host" ? "b.test" : "example.com").WithHeader("x-id", what == "header" ? "8" : "7");
        if (what == "header-added")
        {
            changed.WithHeader("X-Id", "8");
        }

        changed.WithHeader("authorization", what switch
        {
            "time" => authorization.Replace("time=18", "time=19"),
            "nonce" => authorization.Replace("nonce=", "nonce=0"),
            "secret" => Signed("POST", "/a?b=c", "body", headers: "x-id", value: "7", secret: Secret[1..] + "x").Request.Headers["authorization"]!,
            "key" => authorization.Replace("key=jobs", "key=nobody"),
            _ => authorization,
        });
        await changed.RunAsync(Filter());
        Assert.Equal((401, "hmac_denied"), (changed.Status, changed.Reason));
        Assert.Null(changed.User);
        Assert.DoesNotContain(Secret, Assert.Single(_context.LogLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_is_taken_once_also_after_a_reload()
    {
        using var first = Signed();
        var authorization = first.Request.Headers["authorization"]!;
        await first.RunAsync(Filter());
        using var again = TestExchange.Get("/").WithHeader("authorization", authorization);
        await again.RunAsync(Filter());
        Assert.Equal((401, "hmac_replayed"), (again.Status, again.Reason));
    }

    [Theory]
    [InlineData(0, "via_upstream")]
    [InlineData(300, "via_upstream")]
    [InlineData(-300, "via_upstream")]
    [InlineData(301, "hmac_out_of_window")]
    [InlineData(-301, "hmac_out_of_window")]
    public async Task A_signature_is_of_about_now(int seconds, string reason)
    {
        using var exchange = Signed(seconds: seconds);
        await exchange.RunAsync(Filter());
        Assert.Equal(reason, exchange.Reason);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_let_old_requests_in_again()
    {
        using var first = Signed();
        var authorization = first.Request.Headers["authorization"]!;
        await first.RunAsync(Filter());
        _clock.Advance(TimeSpan.FromMinutes(11));
        using var other = Signed();
        await other.RunAsync(Filter());
        Assert.Equal("via_upstream", other.Reason);

        _clock.SetWallClock(TimeSpan.FromMinutes(-11));
        using var again = TestExchange.Get("/").WithHeader("authorization", authorization);
        await again.RunAsync(Filter());
        Assert.Equal("hmac_out_of_window", again.Reason);
    }

    [Fact]
    public async Task When_no_more_can_be_remembered_nothing_passes()
    {
        var filter = Filter(Options() with { Remember = 2 });
        string[] reasons = [await ReasonAsync(filter), await ReasonAsync(filter), await ReasonAsync(filter)];
        Assert.Equal(["via_upstream", "via_upstream", "hmac_busy"], reasons);
        _clock.Advance(TimeSpan.FromMinutes(10.1));
        Assert.Equal("via_upstream", await ReasonAsync(filter));
    }

    [Theory]
    [InlineData("", "hmac_missing")]
    [InlineData("Bearer x", "hmac_missing")]
    [InlineData("FP-HMAC-SHA256", "hmac_missing")]
    [InlineData("FP-HMAC-SHA256 x", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, key=jobs, time=1, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, time=-1, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, time=1, nonce=short, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, time=1, nonce=0123456789abcdef, signature=AAAA", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, time=1, nonce=0123456789abcdef, headers=a b, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_malformed")]
    [InlineData("FP-HMAC-SHA256 key=jobs, time=9223372036854775807, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_denied")]
    [InlineData("fp-hmac-sha256 key=jobs, time=1, nonce=0123456789abcdef, signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "hmac_denied")]
    public async Task What_is_no_signature_is_none(string authorization, string reason)
    {
        using var exchange = TestExchange.Get("/").WithHeader("authorization", authorization);
        await exchange.RunAsync(Filter());
        Assert.Equal((401, reason, "FP-HMAC-SHA256"), (exchange.Status, exchange.Reason, exchange.Response.Headers["www-authenticate"]));
    }

    [Fact]
    public async Task Two_signatures_are_none()
    {
        using var exchange = Signed();
        exchange.WithHeader("authorization", "Basic x");
        await exchange.RunAsync(Filter());
        Assert.Equal("hmac_missing", exchange.Reason);
    }

    [Fact]
    public async Task Headers_may_have_to_be_signed()
    {
        using var without = Signed();
        await without.RunAsync(Filter(Options() with { SignedHeaders = ["X-Id"] }));
        Assert.Equal("hmac_malformed", without.Reason);
        using var with = Signed(headers: "x-id", value: "7");
        await with.RunAsync(Filter(Options() with { SignedHeaders = ["X-Id"] }));
        Assert.Equal("via_upstream", with.Reason);
    }

    [Fact]
    public async Task A_body_may_not_be_endless()
    {
        using var exchange = Signed("POST", "/", new string('x', 100));
        await exchange.RunAsync(Filter(Options() with { MaxBody = new ByteSize(99) }));
        Assert.Equal((413, "hmac_body_too_large"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task The_upstream_may_get_the_signature_and_need_not_get_the_owner()
    {
        using var exchange = Signed();
        var run = await exchange.RunAsync(Filter(Options() with { Forward = true, OwnerHeader = "" }));
        Assert.NotNull(run.Upstream!.Headers["authorization"]);
        Assert.Null(run.Upstream.Headers["x-api-owner"]);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok($"{request.Headers["x-api-owner"]}|{Encoding.ASCII.GetString(request.Body)}"));
        await using var proxy = await StartAsync(upstream.Port, $"keys: [ {{ id: jobs, owner: acme, secret: '{Secret}' }} ]", transport);
        await using var client = await proxy.ConnectAsync();
        var now = DateTimeOffset.UtcNow;
        var authorization = Authorization("POST", "a.test", "/x?y=z", "hello", "", "", Secret, now);
        var request = $"POST /x?y=z HTTP/1.1\r\nHost: a.test\r\nAuthorization: {authorization}\r\nContent-Length: 5\r\n\r\n";
        Assert.Equal("acme|hello", (await client.RoundTripAsync(request + "hello")).Text);
        Assert.Equal("hmac_replayed", (await client.RoundTripAsync(request + "hello")).Headers["x-filterproxy-reason"]);
    }

    [Theory]
    [InlineData("window: 1m", "keys are missing")]
    [InlineData("keys: [ { id: a, owner: b, secret: short } ]", "the secret of 'a' is shorter than 32 bytes")]
    [InlineData("keys: [ { id: a, secret: S } ]", "owner")]
    [InlineData("keys: [ { owner: b, secret: S } ]", "id")]
    [InlineData("keys: [ { id: a, owner: b, secret: S }, { id: a, owner: b, secret: S } ]", "the key 'a' is there twice")]
    [InlineData("keys: [ { id: a, owner: b, secret: S } ], window: 2d", "must be between 1s and 24h")]
    [InlineData("keys: [ { id: a, owner: b, secret: S } ], signed_headers: ['a b']", "'a b' is no header name")]
    [InlineData("keys: [ { id: a, owner: b, secret: S } ], remember: 0", "must be between 1")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message,
        (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options.Replace("secret: S", $"secret: {Secret}"), TestTransport.Sockets))).Message,
        StringComparison.Ordinal);

    private static HmacAuthOptions Options() => new() { Keys = [new() { Id = "jobs", Owner = "acme", Secret = Secret, Scopes = ["hooks"] }] };

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ hmac_auth: {{ {options} }} }} ] }}", components: typeof(HmacAuthFilter));

    private string Authorization(string method, string host, string target, string body, string header, string value, string secret, DateTimeOffset at)
    {
        var (time, nonce) = (at.ToUnixTimeSeconds(), $"0123456789abcdef{_nonces++}");
        var lines = new List<string> { "FP-HMAC-SHA256", method, host, target, $"{time}", nonce };
        if (header.Length > 0)
        {
            lines.Add($"{header}:{value}");
        }

        lines.Add(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(body))));
        var mac = HMACSHA256.HashData(Encoding.ASCII.GetBytes(secret), Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        return $"FP-HMAC-SHA256 key=jobs, time={time}, nonce={nonce}, {(header.Length > 0 ? $"headers={header}, " : "")}signature={Base64Url.EncodeToString(mac)}";
    }

    private TestExchange Signed(string method = "GET", string target = "/", string body = "", string headers = "", string value = "", string secret = Secret, int seconds = 0)
    {
        var exchange = TestExchange.Create(method, target, Encoding.ASCII.GetBytes(body))
            .WithHeader("authorization", Authorization(method, "example.com", target, body, headers, value, secret, _clock.GetUtcNow().AddSeconds(seconds)));
        return headers.Length > 0 ? exchange.WithHeader(headers, value) : exchange;
    }

    private HmacAuthFilter Filter(HmacAuthOptions? options = null) => new(options ?? Options(), _context);

    private async Task<string> ReasonAsync(HmacAuthFilter filter)
    {
        using var exchange = Signed();
        await exchange.RunAsync(filter);
        return exchange.Reason;
    }
}
