using FilterProxy.Filters.ErrorPages;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ErrorPages;

public sealed class ErrorPagesFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData(null, "text/html; charset=utf-8")]
    [InlineData("*/*", "text/html; charset=utf-8")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8")]
    [InlineData("application/json", "application/problem+json")]
    [InlineData("application/problem+json", "application/problem+json")]
    [InlineData("text/html;q=0.1, application/json;q=0.2", "application/problem+json")]
    [InlineData("application/json;q=0, */*", "text/html; charset=utf-8")]
    [InlineData("application/*", "application/problem+json")]
    [InlineData("text/html;q=0, */*;q=0.1", "application/problem+json")]
    [InlineData("application/json;q=nonsense", "application/problem+json")]
    public async Task The_form_follows_accept(string? accept, string type)
    {
        using var exchange = TestExchange.Get("/");
        if (accept is not null)
        {
            exchange.WithHeader("accept", accept);
        }

        exchange.Reply(404, "no_route");
        await exchange.RunAsync(Filter(new()));
        Assert.Equal((404, type, "Accept"), (exchange.Status, exchange.Response.Headers["content-type"], exchange.Response.Headers["vary"]));
    }

    [Fact]
    public async Task Programs_get_problem_details()
    {
        using var exchange = Failed(503, "no_endpoint").WithHeader("accept", "application/json").WithHeader("x-request-id", "id-\"1\"");
        await exchange.RunAsync(Filter(new() { ProblemType = "https://docs.example.com/errors/" }));
        Assert.Equal(
            """{"type":"https://docs.example.com/errors/no_endpoint","title":"Service Unavailable","status":503,"reason":"no_endpoint","request_id":"id-\u00221\u0022"}""",
            exchange.BodyText);
        Assert.Equal($"{exchange.ResponseBody.Length}", exchange.Response.Headers["content-length"]);
    }

    [Theory]
    [InlineData(true, "no_endpoint · id-1")]
    [InlineData(false, "<p>id-1</p>")]
    public async Task People_get_a_page_that_says_what_to_tell_the_operator(bool reason, string expected)
    {
        using var exchange = Failed(503, "no_endpoint").WithHeader("x-request-id", "id-1");
        await exchange.RunAsync(Filter(new() { ShowReason = reason }));
        Assert.Contains("<h1>503 Service Unavailable</h1>", exchange.BodyText, StringComparison.Ordinal);
        Assert.Contains(expected, exchange.BodyText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_may_be_a_template_and_cannot_be_made_markup()
    {
        using var exchange = Failed(404, "no_route").WithHeader("user-agent", "<script>'\"&");
        await exchange.RunAsync(Filter(new() { Html = Template.Parse("<a href=\"%REQ(user-agent)%\">%RESPONSE_CODE% 100%%</a>") }));
        Assert.Equal("<a href=\"&lt;script&gt;&#39;&quot;&amp;\">404 100%</a>", exchange.BodyText);
    }

    [Fact]
    public async Task Pages_may_be_files()
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("all.html", "all %RESPONSE_CODE%");
        folder.Write("404.html", "lost");
        var filter = Filter(new() { HtmlFile = "all.html", Pages = new Dictionary<int, string> { [404] = "404.html" } });
        foreach (var (status, page) in new[] { (404, "lost"), (500, "all 500") })
        {
            using var exchange = Failed(status, "why");
            await exchange.RunAsync(filter);
            Assert.Equal(page, exchange.BodyText);
        }

        folder.Write("all.html", "100%");
        Assert.Contains("all.html", Assert.Throws<ArgumentException>(() => Filter(new() { HtmlFile = "all.html" })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Filter(new() { HtmlFile = "none.html" }));
    }

    [Theory]
    [InlineData(false, "own")]
    [InlineData(true, "page")]
    public async Task An_upstreams_error_keeps_its_body_unless_said_otherwise(bool upstream, string expected)
    {
        using var exchange = TestExchange.Get("/").WithResponse(
            500, "own", ("etag", "\"1\""), ("content-encoding", "gzip"), ("retry-after", "5"), ("content-type", "text/x"), ("last-modified", "x"));
        await exchange.RunAsync(Filter(new() { Upstream = upstream, Html = Template.Parse("page") }));
        Assert.Equal((500, expected, "5"), (exchange.Status, exchange.BodyText, exchange.Response.Headers["retry-after"]));
        Assert.Equal(upstream ? null : "\"1\"", exchange.Response.Headers["etag"]);
        Assert.Equal(upstream ? null : "gzip", exchange.Response.Headers["content-encoding"]);
    }

    [Fact]
    public async Task Local_errors_may_keep_their_body()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Reply(403, "denied", "own"u8.ToArray());
        await exchange.RunAsync(Filter(new() { Local = false, Upstream = true }));
        Assert.Equal("own", exchange.BodyText);
    }

    [Theory]
    [InlineData(404, true)]
    [InlineData(403, false)]
    [InlineData(502, true)]
    [InlineData(500, false)]
    [InlineData(302, false)]
    public async Task Only_the_statuses_said_get_a_page(int status, bool page)
    {
        using var exchange = Failed(status, "why");
        await exchange.RunAsync(Filter(new() { Statuses = [StatusRange.Parse("404"), StatusRange.Parse("502-504")] }));
        Assert.Equal(page, exchange.BodyText.Length > 0);
    }

    [Fact]
    public async Task What_an_undecided_client_gets_may_be_said()
    {
        using var exchange = Failed(404, "no_route");
        await exchange.RunAsync(Filter(new() { Otherwise = PageKind.Json }));
        Assert.Equal("application/problem+json", exchange.Response.Headers["content-type"]);
    }

    [Fact]
    public async Task Grpc_is_left_alone()
    {
        using var exchange = Failed(503, "no_endpoint").WithHeader("content-type", "application/grpc");
        await exchange.RunAsync(Filter(new()));
        Assert.Equal("", exchange.BodyText);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(500, "a trace with secrets", ("Content-Type", "text/plain")));
        await using var proxy = await StartAsync(upstream.Port, "upstream: true, html: '<p>%RESPONSE_CODE% %PATH(NQ)%'", transport);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var own = await client.RoundTripAsync("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((500, "<p>500 /x", "text/html; charset=utf-8"), (own.Status, own.Text, own.Headers["content-type"]));
        }

        var json = await client.RoundTripAsync("GET /x HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n");
        Assert.StartsWith("""{"type":"about:blank","title":"Internal Server Error","status":500""", json.Text, StringComparison.Ordinal);
        var head = await client.RoundTripAsync("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((500, "", "text/html; charset=utf-8"), (head.Status, head.Text, head.Headers["content-type"]));
    }

    [Fact]
    public async Task An_engines_error_gets_one_too()
    {
        var upstream = TestUpstream.Start();
        await upstream.DisposeAsync();
        await using var proxy = await StartAsync(upstream.Port, "html: '%RESPONSE_CODE_DETAILS%'", TestTransport.Sockets);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((502, "connect_failed"), (response.Status, response.Text));
    }

    [Theory]
    [InlineData("statuses: [2xx]", "statuses of errors")]
    [InlineData("statuses: [abc]", "statuses of errors")]
    [InlineData("html: a, html_file: b", "same thing")]
    [InlineData("pages: { 200: a }", "no status")]
    [InlineData("html: '<style>width:100%'", "must begin an operator")]
    [InlineData("local: false", "must get a page")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static TestExchange Failed(int status, string reason)
    {
        var exchange = TestExchange.Get("/");
        exchange.Reply(status, reason);
        return exchange;
    }

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ filters: [ {{ error_pages: {{ {options} }} }} ] }}", components: typeof(ErrorPagesFilter));

    private ErrorPagesFilter Filter(ErrorPagesOptions options) => new(options, _context);
}
