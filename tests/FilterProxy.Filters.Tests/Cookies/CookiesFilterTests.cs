using System.Text;
using FilterProxy.Filters.Cookies;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Cookies;

public sealed class CookiesFilterTests
{
    [Theory]
    [InlineData("a=b; Path=/app", "a=b; Path=/")]
    [InlineData("a=b; path=/app/x; Max-Age=5", "a=b; Path=/x; Max-Age=5")]
    [InlineData("a=b; Path=/apple", "a=b; Path=/apple")]
    [InlineData("a=b; Path=/app/deep/x", "a=b; Path=/d/x")]
    [InlineData("a=b; Path=/dir/x", "a=b; Path=/new/x")]
    [InlineData("a=b", "a=b")]
    public async Task Paths_begin_as_clients_see_them(string cookie, string expected) => Assert.Equal(
        expected, await RewriteAsync(new() { Path = new Dictionary<string, string> { ["/app"] = "/", ["/app/deep"] = "/d", ["/dir/"] = "/new" } }, cookie));

    [Theory]
    [InlineData("a=b; Domain=app.internal", "a=b; Domain=example.com")]
    [InlineData("a=b; domain=.APP.internal; Secure", "a=b; Domain=example.com; Secure")]
    [InlineData("a=b; Domain=gone.internal; Max-Age=1", "a=b; Max-Age=1")]
    [InlineData("a=b; Domain=other.test", "a=b; Domain=other.test")]
    public async Task Domains_are_those_clients_see(string cookie, string expected) => Assert.Equal(
        expected, await RewriteAsync(new() { Domain = new Dictionary<string, string> { ["app.internal"] = "example.com", ["gone.internal"] = "" } }, cookie));

    [Fact]
    public async Task Any_domain_may_be_replaced() =>
        Assert.Equal("a=b", await RewriteAsync(new() { Domain = new Dictionary<string, string> { ["*"] = "" } }, "a=b; Domain=x.test"));

    [Theory]
    [InlineData(true, "a=b", "a=b; Secure")]
    [InlineData(true, "a=b; SECURE; x", "a=b; x; Secure")]
    [InlineData(false, "a=b; secure; x", "a=b; x")]
    [InlineData(false, "__Secure-a=b; Secure", "__Secure-a=b; Secure")]
    [InlineData(false, "__Host-a=b; Secure; Path=/", "__Host-a=b; Path=/; Secure")]
    public async Task Cookies_are_secure_or_not(bool secure, string cookie, string expected) => Assert.Equal(expected, await RewriteAsync(new() { Secure = secure }, cookie));

    [Theory]
    [InlineData(true, "a=b", "a=b; HttpOnly")]
    [InlineData(false, "a=b; HttpOnly", "a=b")]
    public async Task Scripts_can_read_them_or_not(bool httpOnly, string cookie, string expected) => Assert.Equal(expected, await RewriteAsync(new() { HttpOnly = httpOnly }, cookie));

    [Theory]
    [InlineData(SameSitePolicy.Lax, "a=b; SameSite=None; Secure", "a=b; Secure; SameSite=Lax")]
    [InlineData(SameSitePolicy.Strict, "a=b", "a=b; SameSite=Strict")]
    [InlineData(SameSitePolicy.None, "a=b; samesite=lax", "a=b; Secure; SameSite=None")]
    public async Task Other_sites_are_told_apart(SameSitePolicy policy, string cookie, string expected) => Assert.Equal(expected, await RewriteAsync(new() { SameSite = policy }, cookie));

    [Fact]
    public async Task A_cookie_of_a_host_keeps_what_browsers_want_of_it() => Assert.Equal(
        "__Host-a=b; Path=/; Secure",
        await RewriteAsync(new() { Path = new Dictionary<string, string> { ["/"] = "/x" }, Domain = new Dictionary<string, string> { ["*"] = "x" } }, "__Host-a=b; Path=/; Secure"));

    [Fact]
    public async Task Every_line_is_rewritten_in_its_place()
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("set-cookie", "a=1"), ("x-a", "b"), ("set-cookie", "other=2"), ("set-cookie", "app-x=\"3;"));
        await exchange.RunAsync(new CookiesFilter(new() { Names = ["a", "app-*"], HttpOnly = true }));
        Assert.Equal(["a=1; HttpOnly", "other=2", "app-x=\"3; HttpOnly"], Cookies(exchange));
        Assert.Equal("b", exchange.Response.Headers["x-a"]);
    }

    [Theory]
    [InlineData("sess*", "session=1", true)]
    [InlineData("*-id", "app-id=1", true)]
    [InlineData("*mid*", "amidst=1", true)]
    [InlineData("session", "Session=1", false)]
    [InlineData("session", "session2=1", false)]
    public async Task Names_are_patterns(string pattern, string cookie, bool matches) =>
        Assert.Equal(matches ? $"{cookie}; HttpOnly" : cookie, await RewriteAsync(new() { Names = [pattern], HttpOnly = true }, cookie));

    [Fact]
    public async Task Odd_cookies_do_no_harm()
    {
        const int Seed = 6265;
        var random = new Random(Seed);
        var filter = new CookiesFilter(new() { Path = new Dictionary<string, string> { ["/a"] = "/" }, Domain = new Dictionary<string, string> { ["a"] = "b" }, Secure = true });
        for (var i = 0; i < 500; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => "a=; /PpathDdomain\té".ElementAt(random.Next(18))));
            using var exchange = TestExchange.Get("/").WithResponse(200, "", ("set-cookie", text));
            await exchange.RunAsync(filter);
            Assert.True(Cookies(exchange).Count == 1 && Cookies(exchange)[0].EndsWith("; Secure", StringComparison.Ordinal), $"seed {Seed}: '{text}'");
        }
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("Set-Cookie", "a=1; Path=/app"), ("Set-Cookie", "b=2")));
        await using var proxy = await StartAsync(upstream.Port, "path: { /app: / }, secure: true", transport);
        Assert.Equal(["a=1; Path=/; Secure", "b=2; Secure"], (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Headers.Values("set-cookie"));
    }

    [Theory]
    [InlineData("names: [a]")]
    [InlineData("path: { app: / }")]
    [InlineData("path: { /app: '/a;b' }")]
    [InlineData("domain: { a: \"b\\r\\nc\" }")]
    [InlineData("same_site: none, secure: false")]
    [InlineData("names: ['a*b'], secure: true")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets));

    private static async Task<string> RewriteAsync(CookiesOptions options, string cookie)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("set-cookie", cookie));
        await exchange.RunAsync(new CookiesFilter(options));
        return Assert.Single(Cookies(exchange));
    }

    private static List<string> Cookies(TestExchange exchange)
    {
        var values = new List<string>();
        foreach (var value in exchange.Response.Headers.Values(KnownHeader.SetCookie))
        {
            values.Add(Encoding.Latin1.GetString(value));
        }

        return values;
    }

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ cookies: {{ {options} }} }} ] }}", components: typeof(CookiesFilter));
}
