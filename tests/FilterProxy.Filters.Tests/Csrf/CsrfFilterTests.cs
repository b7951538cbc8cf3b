using FilterProxy.Filters.Csrf;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Csrf;

public sealed class CsrfFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", true)]
    [InlineData("OPTIONS", true)]
    [InlineData("POST", false)]
    [InlineData("PUT", false)]
    [InlineData("DELETE", false)]
    [InlineData("PATCH", false)]
    [InlineData("get", false)]
    [InlineData("PURGE", false)]
    public async Task Only_methods_that_change_nothing_pass_from_another_site(string method, bool passes)
    {
        using var exchange = TestExchange.Create(method, "/").WithHeader("origin", "https://evil.test");
        Assert.Equal(passes, await PassesAsync(exchange, new()));
        Assert.Equal(passes ? "via_upstream" : "csrf_denied", exchange.Reason);
    }

    [Theory]
    [InlineData("origin: https://example.com", true)]
    [InlineData("origin: https://EXAMPLE.com", true)]
    [InlineData("origin: https://example.com:443", true)]
    [InlineData("origin: http://example.com", true)]
    [InlineData("origin: https://example.com:8443", false)]
    [InlineData("origin: https://example.com.evil.test", false)]
    [InlineData("origin: https://evil.test/example.com", false)]
    [InlineData("origin: https://sub.example.com", false)]
    [InlineData("origin: null", false)]
    [InlineData("origin: ", false)]
    [InlineData("origin: example.com", false)]
    [InlineData("referer: https://example.com/a?b", true)]
    [InlineData("referer: https://example.com", true)]
    [InlineData("referer: https://evil.test/https://example.com/", false)]
    [InlineData("referer: https://example.com@evil.test/", false)]
    [InlineData("sec-fetch-site: same-origin", true)]
    [InlineData("sec-fetch-site: none", true)]
    [InlineData("sec-fetch-site: same-site", false)]
    [InlineData("sec-fetch-site: cross-site", false)]
    [InlineData("sec-fetch-site: SAME-ORIGIN", false)]
    [InlineData("x: y", false)]
    public async Task A_request_comes_from_the_page_the_browser_says(string header, bool passes)
    {
        var colon = header.IndexOf(':');
        using var exchange = TestExchange.Post("/", "a=b").WithHeader(header[..colon], header[(colon + 1)..].Trim());
        Assert.Equal(passes, await PassesAsync(exchange, new()));
    }

    [Fact]
    public async Task What_the_browser_judged_counts_before_what_it_tells()
    {
        using var exchange = TestExchange.Post("/", "").WithHeader("sec-fetch-site", "cross-site").WithHeader("origin", "https://example.com");
        Assert.False(await PassesAsync(exchange, new()));
    }

    [Theory]
    [InlineData("https://app.test", true)]
    [InlineData("https://app.test:444", false)]
    [InlineData("http://app.test", false)]
    [InlineData("https://a.b.test", true)]
    [InlineData("https://a.c.b.test", true)]
    [InlineData("https://b.test", false)]
    [InlineData("https://evilb.test", false)]
    [InlineData("https://.b.test", false)]
    public async Task Other_origins_may_be_listed(string origin, bool passes)
    {
        using var exchange = TestExchange.Post("/", "").WithHeader("sec-fetch-site", "cross-site").WithHeader("origin", origin);
        Assert.Equal(passes, await PassesAsync(exchange, new() { Origins = ["https://app.test", "https://*.b.test"] }));
    }

    [Fact]
    public async Task Only_requests_with_a_cookie_may_be_looked_at()
    {
        var options = new CsrfOptions { Cookies = ["session", "sid"] };
        Assert.True(await PassesAsync(TestExchange.Post("/", "").WithHeader("origin", "https://evil.test").WithHeader("cookie", "a=b"), options));
        Assert.False(await PassesAsync(TestExchange.Post("/", "").WithHeader("origin", "https://evil.test").WithHeader("cookie", "a=b; sid=1"), options));
    }

    [Fact]
    public async Task Paths_methods_and_programs_may_be_let_pass()
    {
        using var hook = TestExchange.Post("/hooks/a", "").WithHeader("origin", "https://evil.test");
        Assert.True(await PassesAsync(hook, new() { Except = ["/hooks/*"] }));
        using var query = TestExchange.Create("QUERY", "/").WithHeader("origin", "https://evil.test");
        Assert.True(await PassesAsync(query, new() { SafeMethods = ["GET", "QUERY"] }));
        using var program = TestExchange.Post("/", "");
        Assert.True(await PassesAsync(program, new() { AllowMissing = true }));
        using var refused = TestExchange.Post("/", "");
        await PassesAsync(refused, new());
        Assert.Equal((403, "csrf_no_origin"), (refused.Status, refused.Reason));
        Assert.Contains("csrf_no_origin: POST / of 192.0.2.1 is refused", Assert.Single(_context.LogLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Allocates_nothing()
    {
        var filter = new CsrfFilter(new() { Cookies = ["s"], Origins = ["https://x.test"] }, _context);
        using var exchange = TestExchange.Post("/", "").WithHeader("origin", "https://example.com").WithHeader("cookie", "s=1");
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Refuses_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "allow_missing: false", transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(403, (await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a.test\r\nOrigin: http://b.test\r\nContent-Length: 0\r\n\r\n")).Status);
        Assert.Equal(200, (await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a.test\r\nOrigin: http://a.test\r\nContent-Length: 0\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("origins: [example.com]", "'example.com' is no origin")]
    [InlineData("origins: ['https://example.com/']", "is no origin")]
    [InlineData("origins: ['https://a.*.com']", "is no origin")]
    [InlineData("origins: ['*']", "is no origin")]
    [InlineData("except: [hooks]", "'hooks' is no path")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ csrf: {{ {options} }} }} ] }}", components: typeof(CsrfFilter));

    private async Task<bool> PassesAsync(TestExchange exchange, CsrfOptions options) => (await exchange.RunAsync(new CsrfFilter(options, _context))).Upstream is not null;
}
