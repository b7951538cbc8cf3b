using FilterProxy.Filters.DirectResponse;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.DirectResponse;

public sealed class DirectResponseFilterTests : IDisposable
{
    private const string Hostile = "<script>\"&'\\\u0001";
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task Answers_without_an_upstream()
    {
        using var exchange = TestExchange.Get("/a");
        var run = await exchange.RunAsync(Filter(new() { Status = 503, Body = Template.Parse("gone: %PATH%"), Reason = "maintenance" }));
        Assert.Null(run.Upstream);
        Assert.Equal((503, "maintenance", "gone: /a"), (exchange.Status, exchange.Reason, exchange.BodyText));
        Assert.Equal("text/plain; charset=utf-8", exchange.Response.Headers["content-type"]);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "<b>&lt;script&gt;&quot;&amp;&#39;\\ </b>")]
    [InlineData("application/xml", "<b>&lt;script&gt;&quot;&amp;&#39;\\ </b>")]
    [InlineData("application/problem+json", "<b>\\u003Cscript\\u003E\\u0022\\u0026\\u0027\\\\\\u0001</b>")]
    [InlineData("text/plain", "<b>" + Hostile + "</b>")]
    public async Task What_an_operator_gives_is_escaped_for_the_type(string type, string expected)
    {
        using var exchange = TestExchange.Get("/").WithUser(("sub", Hostile));
        await exchange.RunAsync(Filter(new() { Body = Template.Parse("<b>%CLAIM(sub)%</b>"), ContentType = type }));
        Assert.Equal(expected, exchange.BodyText);
    }

    [Fact]
    public async Task A_header_cannot_become_two()
    {
        using var exchange = TestExchange.Get("/").WithUser(("sub", "a\r\nset-cookie: x=y"), ("name", "ok"));
        await exchange.RunAsync(Filter(new() { Headers = new Dictionary<string, Template> { ["x-sub"] = Template.Parse("%CLAIM(sub)%"), ["x-name"] = Template.Parse("%CLAIM(name)%") } }));
        Assert.Equal((null, null, "ok"), (exchange.Response.Headers["x-sub"], exchange.Response.Headers["set-cookie"], exchange.Response.Headers["x-name"]));
    }

    [Fact]
    public async Task A_file_may_be_the_body()
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("page.html", "<h1>100%</h1>");
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(Filter(new() { File = "page.html", ContentType = "text/html" }));
        Assert.Equal(("<h1>100%</h1>", "text/html"), (exchange.BodyText, exchange.Response.Headers["content-type"]));
    }

    [Fact]
    public void A_file_that_is_missing_is_an_error() => Assert.Throws<ArgumentException>(() => Filter(new() { File = "none/at/all" }));

    [Theory]
    [InlineData("POST", true)]
    [InlineData("GET", false)]
    public async Task It_may_be_for_some_methods_only(string method, bool answered)
    {
        using var exchange = TestExchange.Create(method, "/");
        var run = await exchange.RunAsync(Filter(new() { Status = 405, Methods = ["POST", "PUT"] }));
        Assert.Equal(answered, run.Upstream is null);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var proxy = await StartAsync("status: 410, body: 'no %METHOD%', headers: { x-a: b }", transport);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((410, "no GET", "b", "direct_response"), (response.Status, response.Text, response.Headers["x-a"], response.Headers["x-filterproxy-reason"]));
        var head = await proxy.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((410, ""), (head.Status, head.Text));
    }

    [Theory]
    [InlineData("status: 199")]
    [InlineData("body: a, file: b")]
    [InlineData("headers: { content-length: '1' }")]
    [InlineData("headers: { 'a b': c }")]
    [InlineData("reason: 'Not This'")]
    [InlineData("content_type: \"a\\r\\nb: c\"")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(options, TestTransport.Sockets));

    private static Task<TestProxy> StartAsync(string options, TestTransport transport) =>
        TestProxy.StartAsync(1, transport, $"{{ route_filters: [ {{ direct_response: {{ {options} }} }} ] }}", components: typeof(DirectResponseFilter));

    private DirectResponseFilter Filter(DirectResponseOptions options) => new(options, _context);
}
