using FilterProxy.Filters.SecurityHeaders;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.SecurityHeaders;

public sealed class SecurityHeadersFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task Without_options_a_response_gets_what_harms_nobody()
    {
        using var exchange = TestExchange.Get("/").OverTls();
        await exchange.RunAsync(Filter(new()));
        var headers = exchange.Response.Headers;
        Assert.Equal(("SAMEORIGIN", "strict-origin-when-cross-origin", "nosniff"), (headers["x-frame-options"], headers["referrer-policy"], headers["x-content-type-options"]));
        Assert.Equal("max-age=31536000", headers["strict-transport-security"]);
        Assert.Equal((null, null), (headers["content-security-policy"], headers["permissions-policy"]));
    }

    [Theory]
    [InlineData(false, null, null)]
    [InlineData(false, "https", "max-age=63072000; includeSubDomains; preload")]
    [InlineData(false, "http", null)]
    [InlineData(true, null, "max-age=63072000; includeSubDomains; preload")]
    public async Task Hsts_is_said_over_TLS_only(bool tls, string? forwarded, string? expected)
    {
        using var exchange = TestExchange.Get("/");
        if (tls)
        {
            exchange.OverTls();
        }

        if (forwarded is not null)
        {
            exchange.WithHeader("x-forwarded-proto", forwarded);
        }

        await exchange.RunAsync(Filter(new() { Hsts = new() { MaxAge = TimeSpan.FromDays(730), IncludeSubdomains = true, Preload = true } }));
        Assert.Equal(expected, exchange.Response.Headers["strict-transport-security"]);
    }

    [Fact]
    public async Task Every_field_may_be_off()
    {
        using var exchange = TestExchange.Get("/").OverTls().WithResponse(200);
        await exchange.RunAsync(Filter(new() { Hsts = new() { Enabled = false }, Frame = FramePolicy.Off, Referrer = ReferrerPolicy.Off, NoSniff = false }));
        Assert.Equal(1, exchange.Response.Headers.Count);
    }

    [Theory]
    [InlineData(ReferrerPolicy.NoReferrer, "no-referrer")]
    [InlineData(ReferrerPolicy.NoReferrerWhenDowngrade, "no-referrer-when-downgrade")]
    [InlineData(ReferrerPolicy.Origin, "origin")]
    [InlineData(ReferrerPolicy.OriginWhenCrossOrigin, "origin-when-cross-origin")]
    [InlineData(ReferrerPolicy.SameOrigin, "same-origin")]
    [InlineData(ReferrerPolicy.StrictOrigin, "strict-origin")]
    [InlineData(ReferrerPolicy.UnsafeUrl, "unsafe-url")]
    public async Task Links_tell_what_the_preset_says(ReferrerPolicy policy, string expected)
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(new() { Referrer = policy }));
        Assert.Equal(expected, exchange.Response.Headers["referrer-policy"]);
    }

    [Fact]
    public async Task Other_policies_are_sent_as_they_are()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(new()
        {
            Frame = FramePolicy.Deny,
            Csp = "default-src 'self'",
            CspReportOnly = "default-src 'none'",
            Permissions = "camera=()",
            OpenerPolicy = "same-origin",
            EmbedderPolicy = "require-corp",
            ResourcePolicy = "same-site",
        }));
        var headers = exchange.Response.Headers;
        Assert.Equal(("DENY", "default-src 'self'", "default-src 'none'"), (headers["x-frame-options"], headers["content-security-policy"], headers["content-security-policy-report-only"]));
        Assert.Equal(("camera=()", "same-origin"), (headers["permissions-policy"], headers["cross-origin-opener-policy"]));
        Assert.Equal(("require-corp", "same-site"), (headers["cross-origin-embedder-policy"], headers["cross-origin-resource-policy"]));
        Assert.Null(exchange.Request.Headers["x-nonce"]);
    }

    [Fact]
    public async Task Every_response_has_a_nonce_of_its_own_which_the_upstream_knows()
    {
        var filter = Filter(new() { Csp = "script-src 'nonce-{nonce}' 'self'; style-src 'nonce-{nonce}'" });
        var seen = new HashSet<string>();
        for (var i = 0; i < 20; i++)
        {
            using var exchange = TestExchange.Get("/").WithHeader("x-nonce", "chosen").WithHeader("content-security-policy-report-only", "script-src 'nonce-chosen'");
            var run = await exchange.RunAsync(filter);
            var nonce = run.Upstream!.Headers["x-nonce"]!;
            Assert.Equal(16, Convert.FromBase64String(nonce).Length);
            Assert.True(seen.Add(nonce));
            Assert.Equal($"script-src 'nonce-{nonce}' 'self'; style-src 'nonce-{nonce}'", exchange.Response.Headers["content-security-policy"]);
            Assert.Equal(exchange.Response.Headers["content-security-policy"], run.Upstream.Headers["content-security-policy"]);
            Assert.Null(run.Upstream.Headers["content-security-policy-report-only"]);
        }
    }

    [Fact]
    public async Task The_upstream_need_not_be_told()
    {
        using var exchange = TestExchange.Get("/");
        var run = await exchange.RunAsync(Filter(new() { Csp = "script-src 'nonce-{nonce}'", NonceHeader = "" }));
        Assert.Null(run.Upstream!.Headers["content-security-policy"]);
        Assert.NotNull(exchange.Response.Headers["content-security-policy"]);
    }

    [Theory]
    [InlineData(false, "ALLOWALL", "app")]
    [InlineData(true, "SAMEORIGIN", "default-src 'self'")]
    public async Task What_the_upstream_sent_stays_unless_it_is_overridden(bool replace, string frame, string csp)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("x-frame-options", "ALLOWALL"), ("content-security-policy", "app"));
        await exchange.RunAsync(Filter(new() { Csp = "default-src 'self'", Override = replace }));
        Assert.Equal((frame, csp), (exchange.Response.Headers["x-frame-options"], exchange.Response.Headers["content-security-policy"]));
    }

    [Theory]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-nonce"]!));
        await using var proxy = await StartAsync(upstream.Port, "csp: \"script-src 'nonce-{nonce}'\"", transport);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal($"script-src 'nonce-{response.Text}'", response.Headers["content-security-policy"]);
        Assert.Equal(("SAMEORIGIN", "max-age=31536000"), (response.Headers["x-frame-options"], response.Headers["strict-transport-security"]));
    }

    [Theory]
    [InlineData("hsts: { preload: true }", "preload needs")]
    [InlineData("csp: \"a\\nb: c\"", "on one line")]
    [InlineData("frame: allow", "one of off, deny, same_origin")]
    [InlineData("nonce_header: 'a b'", "no header name")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ security_headers: {{ {options} }} }} ] }}", components: typeof(SecurityHeadersFilter));

    private SecurityHeadersFilter Filter(SecurityHeadersOptions options) => new(options, _context);
}
