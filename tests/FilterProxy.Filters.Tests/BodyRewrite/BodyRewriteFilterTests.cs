using System.Text;
using FilterProxy.Filters.BodyRewrite;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.BodyRewrite;

public sealed class BodyRewriteFilterTests : IDisposable
{
    private const string Html = "text/html; charset=utf-8";
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("one two one", "1 2 1")]
    [InlineData("onetwo", "12")]
    [InlineData("on", "on")]
    [InlineData("", "")]
    [InlineData("oneone tw o", "11 tw o")]
    [InlineData("ooone", "oo1")]
    [InlineData("id=42;id=7", "<42>;<7>")]
    [InlineData("id=42one", "<42>1")]
    [InlineData("x id=", "x id=")]
    public async Task Texts_are_replaced_however_a_body_is_cut(string body, string expected)
    {
        for (var piece = 0; piece <= 7; piece++)
        {
            using var exchange = TestExchange.Get("/").InPiecesOf(piece).WithResponse(200, body, ("content-type", Html));
            var run = await exchange.RunAsync(Replacing(Rule("one", "1"), Rule("two", "2"), new() { Regex = @"id=(\d+)", Replace = "<$1>" }));
            Assert.Equal((piece, expected), (piece, run.ResponseText));
            Assert.Null(exchange.Response.Headers["content-length"]);
        }
    }

    [Theory]
    [InlineData("abcd", "X")]
    [InlineData("abcx", "aYcx")]
    [InlineData("xb", "xY")]
    public async Task The_earliest_match_counts(string body, string expected)
    {
        using var exchange = TestExchange.Get("/").InPiecesOf(1).WithResponse(200, body, ("content-type", Html));
        Assert.Equal(expected, (await exchange.RunAsync(Replacing(Rule("b", "Y"), Rule("abcd", "X")))).ResponseText);
    }

    [Fact]
    public async Task Any_body_cut_anywhere_becomes_what_it_becomes_whole()
    {
        const int Seed = 9;
        var random = new Random(Seed);
        for (var round = 0; round < 100; round++)
        {
            var body = string.Concat(Enumerable.Range(0, random.Next(200)).Select(_ => "abc "[random.Next(4)]));
            SubstitutionRule[] rules = [Rule("abc", "<1>"), Rule("bca", ""), new() { Regex = @"\ba+\b", Replace = "[$0]" }, new() { Regex = "^c", Replace = "C" }];
            var texts = new List<string>();
            foreach (var piece in new[] { 0, 1, 3, random.Next(1, 50) })
            {
                using var exchange = TestExchange.Get("/").InPiecesOf(piece).WithResponse(200, body, ("content-type", Html));
                texts.Add((await exchange.RunAsync(Filter(new() { Response = rules, MaxMatch = new ByteSize(16) }))).ResponseText);
            }

            Assert.True(texts.Distinct().Count() == 1, $"seed {Seed}, round {round}: '{body}' becomes {string.Join(" | ", texts)}");
        }
    }

    [Theory]
    [InlineData("text/html", true)]
    [InlineData("TEXT/HTML;charset=x", true)]
    [InlineData("text/plain", false)]
    [InlineData("image/svg+xml", true)]
    [InlineData("text/html; charset=utf-16", false)]
    [InlineData(null, false)]
    public async Task Only_the_types_said_are_changed(string? type, bool changed)
    {
        using var exchange = type is null ? TestExchange.Get("/").WithResponse(200, "one") : TestExchange.Get("/").WithResponse(200, "one", ("content-type", type));
        var run = await exchange.RunAsync(Filter(new() { Response = [Rule("one", "1")], ContentTypes = ["text/html", "image/*"] }));
        Assert.Equal(changed ? "1" : "one", run.ResponseText);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(206)]
    [InlineData(304)]
    public void What_is_no_whole_body_keeps_the_fast_path(int status)
    {
        using var exchange = TestExchange.Get("/").WithResponse(status, "", ("content-type", Html));
        var filter = Replacing(Rule("one", "1"));
        Assert.True(filter.OnResponseAsync(exchange).IsCompletedSuccessfully);
        Assert.Equal((BodyUse.None, BodyUse.None), (filter.UseResponseBody(exchange), filter.UseRequestBody(exchange)));
    }

    [Fact]
    public async Task Codings_that_cannot_be_taken_off_leave_a_body_as_it_is()
    {
        foreach (var coding in new[] { "zstd", "gzip, br" })
        {
            using var exchange = TestExchange.Get("/").WithResponse(200, "one", ("content-type", Html), ("content-encoding", coding), ("etag", "\"x\""));
            var run = await exchange.RunAsync(Replacing(Rule("one", "1")));
            Assert.Equal(("one", coding, "\"x\"", "3"), (run.ResponseText, exchange.Response.Headers["content-encoding"], exchange.Response.Headers["etag"], exchange.Response.Headers["content-length"]));
        }

        Assert.Equal(2, _context.Sum("filterproxy.body_rewrite.skipped"));
    }

    [Fact]
    public async Task Texts_are_looked_for_in_the_bodys_charset()
    {
        using var latin1 = TestExchange.Get("/").WithResponse(200, Encoding.Latin1.GetBytes("caf\u00e9"), ("content-type", "text/html; charset=\"ISO-8859-1\""));
        Assert.Equal("t\u00e9"u8.Length - 1, (await latin1.RunAsync(Replacing(Rule("caf\u00e9", "t\u00e9")))).ResponseBody.Length);
        using var utf8 = TestExchange.Get("/").WithResponse(200, "caf\u00e9", ("content-type", Html));
        Assert.Equal("t\u00e9", (await utf8.RunAsync(Replacing(Rule("caf\u00e9", "t\u00e9")))).ResponseText);
    }

    [Fact]
    public async Task The_upstream_is_asked_for_what_can_be_changed()
    {
        using var exchange = TestExchange.Get("/").WithHeader("accept-encoding", "gzip").WithHeader("range", "bytes=0-1").WithHeader("if-range", "\"x\"");
        var run = await exchange.RunAsync(Replacing(Rule("one", "1")));
        Assert.Equal((null, null, null), (run.Upstream!.Headers["accept-encoding"], run.Upstream.Headers["range"], run.Upstream.Headers["if-range"]));
    }

    [Fact]
    public async Task Requests_are_changed_too()
    {
        using var plain = TestExchange.Post("/", "one two").WithHeader("content-type", "text/html").WithHeader("accept-encoding", "gzip").InPiecesOf(2);
        var filter = Filter(new() { Request = [Rule("one", "1")] });
        var run = await plain.RunAsync(filter);
        Assert.Equal(("1 two", "gzip"), (run.RequestText, run.Upstream!.Headers["accept-encoding"]));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/zip"
            ? UpstreamResponse.Create(200, Codings.Encode("gzip", "one!"), ("Content-Type", Html), ("Content-Encoding", "gzip"))
            : UpstreamResponse.Ok($"one {r.Headers["accept-encoding"]}{r.Text}", ("Content-Type", Html), ("ETag", "\"x\"")));
        await using var proxy = await StartAsync(upstream.Port, "response: [ { find: one, replace: first } ], request: [ { regex: '[0-9]+', replace: '#' } ]", transport);
        await using var client = await proxy.ConnectAsync();
        var response = await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\na12b34");
        Assert.Equal(("first a#b#", "W/\"x\""), (response.Text, response.Headers["etag"]));
        Assert.Equal("first!", (await client.RoundTripAsync("GET /zip HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Null((await client.RoundTripAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).Headers["content-length"]);
    }

    [Fact]
    public async Task A_body_that_is_not_changed_goes_on_as_it_came()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("one", ("Content-Type", "text/plain"), ("ETag", "\"x\""), ("Accept-Ranges", "bytes")));
        await using var proxy = await StartAsync(upstream.Port, "response: [ { find: one, replace: '1' } ]", TestTransport.Direct);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(("one", "3", "\"x\"", "bytes"), (response.Text, response.Headers["content-length"], response.Headers["etag"], response.Headers["accept-ranges"]));
        Assert.Empty(response.Chunks);
    }

    [Theory]
    [InlineData("content_types: [text/html]", "what is replaced")]
    [InlineData("response: [ { replace: a } ]", "either find or regex")]
    [InlineData("response: [ { find: a, regex: b, replace: c } ]", "either find or regex")]
    [InlineData("response: [ { regex: 'a*', replace: c } ]", "empty text")]
    [InlineData("response: [ { regex: '(a)\\1', replace: c } ]", "back-references")]
    [InlineData("response: [ { find: a, replace: c } ], content_types: [html]", "no media type")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static SubstitutionRule Rule(string find, string replace) => new() { Find = find, Replace = replace };

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ body_rewrite: {{ {options} }} }} ] }}", components: typeof(BodyRewriteFilter));

    private BodyRewriteFilter Replacing(params SubstitutionRule[] rules) => Filter(new() { Response = rules });

    private BodyRewriteFilter Filter(BodyRewriteOptions options) => new(options, _context);
}
