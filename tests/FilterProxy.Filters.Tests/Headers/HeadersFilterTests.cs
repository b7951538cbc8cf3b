using FilterProxy.Filters.Headers;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Headers;

public sealed class HeadersFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task Sets_a_request_field_from_a_template()
    {
        using var exchange = TestExchange.Get("/a?b=1").WithHeader("x-path", "old");
        await exchange.RunAsync(Filter(request: new() { Set = Fields(("x-path", "is %PATH%")) }));
        Assert.Equal("is /a?b=1", exchange.Request.Headers["x-path"]);
    }

    [Fact]
    public async Task The_upstream_gets_the_edited_request()
    {
        using var exchange = TestExchange.Get("/");
        var run = await exchange.RunAsync(Filter(request: new() { Set = Fields(("x-a", "1")) }));
        Assert.Equal("1", run.Upstream!.Headers["x-a"]);
    }

    [Fact]
    public async Task Appends_beside_what_is_there()
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("link", "one"));
        await exchange.RunAsync(Filter(response: new() { Append = Fields(("link", "two")) }));
        Assert.Equal(["one", "two"], Values(exchange.Response.Headers, "link"));
    }

    [Fact]
    public async Task Removes_every_line_of_a_field()
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "", ("X-Powered-By", "a"), ("x-powered-by", "b"));
        await exchange.RunAsync(Filter(response: new() { Remove = ["x-Powered-by"] }));
        Assert.False(exchange.Response.Headers.Contains("x-powered-by"u8));
    }

    [Fact]
    public async Task Removes_before_it_sets_and_sets_before_it_appends()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-a", "client");
        await exchange.RunAsync(Filter(request: new() { Remove = ["x-a"], Set = Fields(("x-a", "set")), Append = Fields(("x-a", "appended")) }));
        Assert.Equal(["set", "appended"], Values(exchange.Request.Headers, "x-a"));
    }

    [Fact]
    public async Task Edits_local_replies_too()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Reply(403, "denied");
        await exchange.RunAsync(Filter(response: new() { Set = Fields(("x-frame-options", "DENY")) }));
        Assert.Equal("DENY", exchange.Response.Headers["x-frame-options"]);
    }

    [Fact]
    public async Task What_a_client_sent_does_not_pass_for_a_value_that_is_missing()
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-user", "admin");
        await exchange.RunAsync(Filter(request: new() { Set = Fields(("x-user", "%CLAIM(sub)%")) }));
        Assert.Null(exchange.Request.Headers["x-user"]);
    }

    [Theory]
    [InlineData("a\r\nx-admin: 1")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public async Task A_value_with_control_characters_is_dropped_and_counted(string injected)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-user", "admin").WithUser(("sub", injected));
        var fields = exchange.Request.Headers.Count;
        await exchange.RunAsync(Filter(request: new() { Set = Fields(("x-user", "u-%CLAIM(sub)%")), Append = Fields(("x-more", "%CLAIM(sub)%")) }));
        Assert.Null(exchange.Request.Headers["x-user"]);
        Assert.Equal(fields - 1, exchange.Request.Headers.Count);
        Assert.Equal(2, _context.Sum("filterproxy.headers.dropped"));
    }

    [Fact]
    public async Task A_dropped_value_is_logged_once_per_field()
    {
        var filter = Filter(request: new() { Set = Fields(("x-user", "%CLAIM(sub)%")) });
        for (var i = 0; i < 3; i++)
        {
            using var exchange = TestExchange.Get("/").WithUser(("sub", "a\nb"));
            await exchange.RunAsync(filter);
        }

        Assert.Single(_context.LogLines, l => l.Contains("x-user", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Host")]
    [InlineData("content-length")]
    [InlineData("Transfer-Encoding")]
    [InlineData("trailer")]
    [InlineData("Connection")]
    [InlineData("keep-alive")]
    [InlineData("proxy-connection")]
    [InlineData("TE")]
    [InlineData("upgrade")]
    [InlineData("expect")]
    [InlineData("bad name")]
    [InlineData("naïve")]
    [InlineData("")]
    public void Refuses_names_that_may_not_be_edited(string name)
    {
        var set = Assert.Throws<ArgumentException>(() => Filter(request: new() { Set = Fields((name, "x")) }));
        Assert.Contains($"request.set.{name}", set.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Filter(request: new() { Append = Fields((name, "x")) }));
        Assert.Throws<ArgumentException>(() => Filter(response: new() { Remove = [name] }));
    }

    [Fact]
    public void Refuses_a_constant_value_with_a_line_break()
    {
        Assert.Throws<ArgumentException>(() => Filter(response: new() { Set = Fields(("x-a", "1\r\n2")) }));
    }

    [Fact]
    public void Reports_all_mistakes_at_once()
    {
        var error = Assert.Throws<ArgumentException>(() => Filter(new() { Remove = ["te"] }, new() { Remove = ["b c"] }));
        Assert.Contains("request.remove.te", error.Message, StringComparison.Ordinal);
        Assert.Contains("response.remove.b c", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("constant")]
    [InlineData("%METHOD% %PATH% %REQ(user-agent)% %RESPONSE_CODE%")]
    public void Allocates_nothing(string value)
    {
        // Every edit appends to a head block, which grows when it is full: the large fields make room for all rounds.
        var room = new string('x', 1 << 20);
        using var exchange = TestExchange.Get("/a").WithHeader("user-agent", "test").WithHeader("x-room", room).WithResponse(200, "", ("x-room", room));
        var filter = Filter(new() { Set = Fields(("x-a", value), ("accept", value)), Remove = ["x-b"] }, new() { Set = Fields(("x-c", value)) });
        Assert.Equal(0, Allocations.Of(() =>
        {
            Completed(filter.OnRequestAsync(exchange));
            Completed(filter.OnResponseAsync(exchange));
        }));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["x-what"]!, ("X-Powered-By", "test")));
        await using var proxy = await StartAsync(
            upstream.Port, "request: { set: { X-What: '%METHOD% %PATH%' } }, response: { remove: [x-powered-by], append: { link: '</a>' } }", transport);
        var response = await proxy.SendAsync("GET /a HTTP/1.1\r\nHost: a\r\nx-what: mine\r\n\r\n");
        Assert.Equal(("GET /a", null, "</a>"), (response.Text, response.Headers["x-powered-by"], response.Headers["link"]));
    }

    [Theory]
    [InlineData("request: { set: { content-length: '1' } }", "request.set.content-length")]
    [InlineData("request: { add: { a: b } }", "unknown option 'add'")]
    [InlineData("response: { set: { a: '%NOPE%' } }", "unknown operator")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ headers: {{ {options} }} }} ] }}", components: typeof(HeadersFilter));

    private static void Completed(ValueTask<FilterStatus> task) => Assert.True(task.IsCompletedSuccessfully);

    private static void Completed(ValueTask task) => Assert.True(task.IsCompletedSuccessfully);

    private static Dictionary<string, Template> Fields(params (string Name, string Value)[] fields) =>
        fields.ToDictionary(f => f.Name, f => Template.Parse(f.Value));

    private static List<string> Values(HeaderMap headers, string name)
    {
        var values = new List<string>();
        foreach (var field in headers)
        {
            if (System.Text.Encoding.ASCII.GetString(field.Name).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                values.Add(System.Text.Encoding.Latin1.GetString(field.Value));
            }
        }

        return values;
    }

    private HeadersFilter Filter(HeaderEditOptions? request = null, HeaderEditOptions? response = null) =>
        new(new HeadersOptions { Request = request ?? new(), Response = response ?? new() }, _context);
}
