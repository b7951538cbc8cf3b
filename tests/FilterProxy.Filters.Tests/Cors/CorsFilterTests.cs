using FilterProxy.Filters.Cors;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cors;

public sealed class CorsFilterTests
{
    private const string App = "https://app.example.com";

    [Theory]
    [InlineData("https://app.example.com", true)]
    [InlineData("https://app.example.com:8443", false)]
    [InlineData("http://app.example.com", false)]
    [InlineData("https://app.example.com.evil.test", false)]
    [InlineData("https://evil.test/https://app.example.com", false)]
    [InlineData("https://xapp.example.com", false)]
    [InlineData("HTTPS://APP.EXAMPLE.COM", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    [InlineData("https://a.sub.example.com", true)]
    [InlineData("https://a.b.sub.example.com", true)]
    [InlineData("https://sub.example.com", false)]
    [InlineData("https://.sub.example.com", false)]
    [InlineData("https://a..sub.example.com", false)]
    [InlineData("https://evil.test#.sub.example.com", false)]
    [InlineData("https://evil.test/.sub.example.com", false)]
    [InlineData("https://u:p@x.sub.example.com", false)]
    [InlineData("https://evil.test:1.sub.example.com", false)]
    [InlineData("https://pr-12.example.org", true)]
    [InlineData("https://pr-12.example.org.evil.test", false)]
    [InlineData("xhttps://pr-12.example.org", false)]
    public async Task Only_origins_that_were_told_are_repeated(string origin, bool allowed)
    {
        var filter = new CorsFilter(new() { Origins = [App, "https://*.sub.example.com"], OriginRegex = [@"https://pr-\d+\.example\.org"] });
        using var exchange = TestExchange.Get("/").WithHeader("origin", origin);

        await exchange.RunAsync(filter);

        Assert.Equal(allowed ? origin : null, exchange.Response.Headers["access-control-allow-origin"]);
        Assert.Equal("Origin", exchange.Response.Headers["vary"]);

        using var preflight = AskFor("PUT", origin);
        await preflight.RunAsync(new CorsFilter(new() { Origins = [App, "https://*.sub.example.com"], OriginRegex = [@"https://pr-\d+\.example\.org"], Methods = ["PUT"] }));
        Assert.Equal(allowed ? (204, "cors_preflight", origin) : (403, "cors_origin_denied", null), (preflight.Status, preflight.Reason, preflight.Response.Headers["access-control-allow-origin"]));
    }

    [Fact]
    public async Task A_preflight_is_answered_with_what_is_allowed()
    {
        using var exchange = AskFor("PUT").WithHeader("access-control-request-headers", "Content-Type, x-a");
        var run = await exchange.RunAsync(new CorsFilter(new()
        {
            Origins = [App],
            Methods = ["GET", "PUT"],
            Headers = ["content-type", "X-A"],
            ExposeHeaders = ["x-b"],
            Credentials = true,
            MaxAge = TimeSpan.FromHours(1),
        }));

        Assert.Equal((FilterStatus.Stop, 204), (run.Status, exchange.Status));
        Assert.Null(run.Upstream);
        var headers = exchange.Response.Headers;
        Assert.Equal((App, "GET, PUT", "content-type, X-A"), (headers["access-control-allow-origin"], headers["access-control-allow-methods"], headers["access-control-allow-headers"]));
        Assert.Equal(("true", "3600", null), (headers["access-control-allow-credentials"], headers["access-control-max-age"], headers["access-control-expose-headers"]));
        Assert.Equal("Origin, Access-Control-Request-Method, Access-Control-Request-Headers", headers["vary"]);
    }

    [Theory]
    [InlineData("DELETE", "", "cors_method_denied")]
    [InlineData("get", "", "cors_method_denied")]
    [InlineData("GET", "x-b", "cors_header_denied")]
    [InlineData("GET", "x-a,x-b", "cors_header_denied")]
    public async Task A_preflight_for_something_else_is_refused(string method, string headers, string reason)
    {
        using var exchange = AskFor(method).WithHeader("access-control-request-headers", headers);
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], Headers = ["x-a"] }));
        Assert.Equal((403, reason, null), (exchange.Status, exchange.Reason, exchange.Response.Headers["access-control-allow-origin"]));
    }

    [Fact]
    public async Task Any_method_and_any_header_are_said_by_name()
    {
        using var exchange = AskFor("PATCH").WithHeader("access-control-request-headers", "authorization,x-a");
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], Methods = ["*"], Headers = ["*"], Credentials = true }));
        Assert.Equal(("PATCH", "authorization,x-a"), (exchange.Response.Headers["access-control-allow-methods"], exchange.Response.Headers["access-control-allow-headers"]));
    }

    [Theory]
    [InlineData("PA TCH", "x-a")]
    [InlineData("PATCH", "x a")]
    [InlineData("PATCH", "x:a")]
    public async Task What_is_no_token_is_not_repeated(string method, string headers)
    {
        using var exchange = AskFor(method).WithHeader("access-control-request-headers", headers);
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], Methods = ["*"], Headers = ["*"] }));
        Assert.Equal(403, exchange.Status);
    }

    [Theory]
    [InlineData(true, "true", "true")]
    [InlineData(true, null, null)]
    [InlineData(false, "true", null)]
    public async Task A_private_network_is_opened_only_where_it_is_said(bool option, string? asked, string? answer)
    {
        using var exchange = AskFor("GET");
        if (asked is not null)
        {
            exchange.WithHeader("access-control-request-private-network", asked);
        }

        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], PrivateNetwork = option }));
        Assert.Equal(answer, exchange.Response.Headers["access-control-allow-private-network"]);
    }

    [Fact]
    public async Task The_age_of_a_preflight_may_be_left_to_the_browser()
    {
        using var exchange = AskFor("GET");
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], MaxAge = TimeSpan.Zero }));
        Assert.Null(exchange.Response.Headers["access-control-max-age"]);
    }

    [Fact]
    public async Task A_response_gets_what_its_origin_may_see()
    {
        using var exchange = TestExchange.Get("/").WithHeader("origin", App).WithResponse(200, "", ("vary", "Accept-Encoding"));
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App], ExposeHeaders = ["x-a", "x-b"], Credentials = true }));
        var headers = exchange.Response.Headers;
        Assert.Equal((App, "true", "x-a, x-b"), (headers["access-control-allow-origin"], headers["access-control-allow-credentials"], headers["access-control-expose-headers"]));
        Assert.Equal(["Accept-Encoding", "Origin"], Vary(headers));
    }

    [Theory]
    [InlineData("https://evil.test")]
    [InlineData(null)]
    public async Task What_the_upstream_says_about_origins_is_replaced(string? origin)
    {
        using var exchange = TestExchange.Get("/").WithResponse(
            200, "", ("access-control-allow-origin", origin ?? "*"), ("access-control-allow-credentials", "true"), ("access-control-expose-headers", "x"));
        if (origin is not null)
        {
            exchange.WithHeader("origin", origin);
        }

        await exchange.RunAsync(new CorsFilter(new() { Origins = [App] }));
        var headers = exchange.Response.Headers;
        Assert.Equal((null, null, null), (headers["access-control-allow-origin"], headers["access-control-allow-credentials"], headers["access-control-expose-headers"]));
    }

    [Theory]
    [InlineData("origin")]
    [InlineData("accept, Origin")]
    [InlineData("*")]
    public async Task Vary_says_it_once(string vary)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("vary", vary));
        await exchange.RunAsync(new CorsFilter(new() { Origins = [App] }));
        Assert.Equal([vary], Vary(exchange.Response.Headers));
    }

    [Fact]
    public async Task With_every_origin_the_response_is_the_same_for_all()
    {
        using var exchange = TestExchange.Get("/").WithHeader("origin", "https://anyone.test");
        await exchange.RunAsync(new CorsFilter(new() { Origins = ["*"] }));
        Assert.Equal(("*", null), (exchange.Response.Headers["access-control-allow-origin"], exchange.Response.Headers["vary"]));
    }

    [Fact]
    public async Task An_opaque_origin_passes_only_by_name()
    {
        using var exchange = TestExchange.Get("/").WithHeader("origin", "null");
        await exchange.RunAsync(new CorsFilter(new() { Origins = ["null"] }));
        Assert.Equal("null", exchange.Response.Headers["access-control-allow-origin"]);
    }

    [Fact]
    public async Task OPTIONS_that_is_no_preflight_goes_upstream()
    {
        using var exchange = TestExchange.Create("OPTIONS", "/").WithHeader("origin", App);
        Assert.NotNull((await exchange.RunAsync(new CorsFilter(new() { Origins = [App] }))).Upstream);
    }

    [Theory]
    [InlineData("origins: ['https://app.example.com/']", "did you mean 'https://app.example.com'")]
    [InlineData("origins: ['https://App.example.com']", "did you mean")]
    [InlineData("origins: ['https://app.example.com:443']", "did you mean")]
    [InlineData("origins: [app.example.com]", "is no origin")]
    [InlineData("origins: ['https://a.*.com']", "is no origin")]
    [InlineData("origins: ['*'], credentials: true", "with credentials")]
    [InlineData("methods: [GET]", "at least one origin")]
    [InlineData("origin_regex: ['(?=x)']", "look-around")]
    [InlineData("origin_regex: ['(']", "no regular expression")]
    [InlineData("origins: ['*'], headers: ['a b']", "no token")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("data", ("Access-Control-Allow-Origin", "*")));
        await using var proxy = await StartAsync(upstream.Port, $"origins: ['{App}'], headers: [x-a]", transport);
        await using var client = await proxy.ConnectAsync();

        var preflight = await client.RoundTripAsync(
            $"OPTIONS /x HTTP/1.1\r\nHost: a\r\nOrigin: {App}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a\r\n\r\n");
        Assert.Equal((204, App, "x-a"), (preflight.Status, preflight.Headers["access-control-allow-origin"], preflight.Headers["access-control-allow-headers"]));
        Assert.Empty(upstream.Requests);

        var actual = await client.RoundTripAsync($"GET /x HTTP/1.1\r\nHost: a\r\nOrigin: {App}\r\n\r\n");
        Assert.Equal(("data", App, "Origin"), (actual.Text, actual.Headers["access-control-allow-origin"], actual.Headers["vary"]));
        Assert.Null((await client.RoundTripAsync("GET /x HTTP/1.1\r\nHost: a\r\nOrigin: https://evil.test\r\n\r\n")).Headers["access-control-allow-origin"]);
    }

    [Theory]
    [InlineData(App)]
    [InlineData("https://pr-1.example.org")]
    [InlineData("https://evil.test")]
    public void Allocates_nothing(string origin)
    {
        // Every edit appends to a head block, which grows when it is full: the large field makes room for all rounds.
        using var exchange = TestExchange.Get("/").WithHeader("origin", origin).WithResponse(200, "", ("x-room", new string('x', 1 << 20)));
        var filter = new CorsFilter(new() { Origins = [App], OriginRegex = [@"https://pr-\d+\.example\.org"], ExposeHeaders = ["x-a"], Credentials = true });
        Assert.Equal(0, Allocations.Of(() =>
        {
            Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully);
            Assert.True(filter.OnResponseAsync(exchange).IsCompletedSuccessfully);
        }));
    }

    private static TestExchange AskFor(string method, string origin = App) =>
        TestExchange.Create("OPTIONS", "/x").WithHeader("origin", origin).WithHeader("access-control-request-method", method);

    private static List<string> Vary(HeaderMap headers)
    {
        var values = new List<string>();
        foreach (var value in headers.Values("vary"u8))
        {
            values.Add(System.Text.Encoding.ASCII.GetString(value));
        }

        return values;
    }

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ cors: {{ {options} }} }} ] }}", components: typeof(CorsFilter));
}
