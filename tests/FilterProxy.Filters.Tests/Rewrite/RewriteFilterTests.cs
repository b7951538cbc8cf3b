using FilterProxy.Filters.Rewrite;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Rewrite;

public sealed class RewriteFilterTests
{
    [Theory]
    [InlineData("/u/12?a=b", "/users/12?a=b")]
    [InlineData("/u/12/x", "/u/12/x")]
    [InlineData("/x/u/12", "/x/u/12")]
    [InlineData("/s/a%20b?c", "/search?q=a%20b&c")]
    [InlineData("/s/a", "/search?q=a")]
    [InlineData("/plain?x=1", "/bare")]
    [InlineData("/first", "/one")]
    public async Task The_first_rule_that_matches_the_whole_path_counts(string target, string expected)
    {
        using var exchange = TestExchange.Get(target);
        await exchange.RunAsync(new RewriteFilter(new()
        {
            Rules =
            [
                new() { Path = @"/u/(\d+)", To = "/users/$1" },
                new() { Path = "/s/(.+)", To = "/search?q=$1" },
                new() { Path = "/plain", To = "/bare", KeepQuery = false },
                new() { Path = "/first", To = "/one" },
                new() { Path = "/f.*", To = "/two" },
            ],
        }));
        Assert.Equal(expected, TargetOf(exchange));
    }

    [Theory]
    [InlineData("/old..", "/new/$1", "/old(.*)")]
    [InlineData("/old../x", "/new/$1", "/old(.*)")]
    [InlineData("/x/%2e%2e", "/$1/y", "/x/(.*)")]
    [InlineData("/x/%2E.", "/y/$1", "/x/(.*)")]
    [InlineData("/x/..%2fadmin", "/y/$1", "/x/(.*)")]
    [InlineData("/x/..%5cadmin", "/y/$1", "/x/(.*)")]
    [InlineData("/x/%00", "/y/$1", "/x/(.*)")]
    [InlineData("/x/a%2", "/y/$1", "/x/(.*)")]
    [InlineData("/x/2e", "/y/%$1%2e", "/x/(.*)")]
    [InlineData("/x/%5Chost", "/$1", "/x/%5C(.*)", "/host")]
    [InlineData("/x//host", "/$1", "/x/(.*)", "/host")]
    [InlineData("/x/%252e%252e", "/y/$1", "/x/(.*)", "/y/%252e%252e")]
    [InlineData("/x/%E2%80%A5", "/y/$1", "/x/(.*)", "/y/%E2%80%A5")]
    [InlineData("/x/a%0d%0ab", "/y/$1", "/x/(.*)", "/y/a%0d%0ab")]
    [InlineData("/x/...", "/y/$1", "/x/(.*)", "/y/...")]
    public async Task No_part_of_a_path_leads_out_of_the_folder_a_rule_names(string target, string to, string path, string? expected = null)
    {
        using var exchange = TestExchange.Get(target);
        var run = await exchange.RunAsync(new RewriteFilter(new() { Rules = [new() { Path = path, To = to }] }));
        if (expected is null)
        {
            Assert.Equal((FilterStatus.Stop, 400, "rewrite_ambiguous_path"), (run.Status, exchange.Status, exchange.Reason));
        }
        else
        {
            Assert.Equal(expected, run.Upstream!.PathText);
        }
    }

    [Theory]
    [InlineData("acme", "/t/acme/a/b")]
    [InlineData("a b?c#d", "/t/a%20b%3Fc%23d/a/b")]
    [InlineData("é", "/t/%E9/a/b")]
    [InlineData("..", null)]
    [InlineData("x/../..", null)]
    [InlineData("%2e%2e", null)]
    [InlineData("%zz", null)]
    public async Task A_template_makes_the_path(string tenant, string? expected)
    {
        using var exchange = TestExchange.Get("/a/b?c=d").WithHeader("x-tenant", tenant);
        await exchange.RunAsync(new RewriteFilter(new() { Path = Template.Parse("/t/%REQ(x-tenant)%%PATH(NQ)%") }));
        Assert.Equal(expected is null ? 400 : 200, exchange.Status);
        Assert.Equal(expected is null ? "/a/b?c=d" : expected + "?c=d", TargetOf(exchange));
    }

    [Theory]
    [InlineData("/?a=1&user=me&b=2", "/?a=1&b=2&user=x%26admin%3D1%20%2B%25")]
    [InlineData("/?%75ser=me&us%65r=you", "/?user=x%26admin%3D1%20%2B%25")]
    [InlineData("/?debug&debug=1&users=1", "/?users=1&user=x%26admin%3D1%20%2B%25")]
    [InlineData("/", "/?user=x%26admin%3D1%20%2B%25")]
    public async Task A_parameter_is_set_and_cannot_become_two(string target, string expected)
    {
        using var exchange = TestExchange.Get(target).WithHeader("x-user", "x&admin=1 +%");
        await exchange.RunAsync(new RewriteFilter(new() { SetQuery = Values("user", "%REQ(x-user)%"), RemoveQuery = ["debug"] }));
        Assert.Equal(expected, TargetOf(exchange));
    }

    [Fact]
    public async Task A_parameter_without_a_value_is_removed()
    {
        using var exchange = TestExchange.Get("/a?user=admin");
        await exchange.RunAsync(new RewriteFilter(new() { SetQuery = Values("user", "%REQ(x-user)%") }));
        Assert.Equal("/a", TargetOf(exchange));
    }

    [Theory]
    [InlineData("app.internal", "app.internal")]
    [InlineData("app.internal:8080", "app.internal:8080")]
    [InlineData("[::1]:80", "[::1]:80")]
    [InlineData("a@b", null)]
    [InlineData("a/b", null)]
    [InlineData("a:b", null)]
    [InlineData("a b", null)]
    public async Task A_template_makes_the_host(string value, string? expected)
    {
        using var exchange = TestExchange.Get("/").WithHeader("x-host", value);
        await exchange.RunAsync(new RewriteFilter(new() { Host = Template.Parse("%REQ(x-host)%") }));
        Assert.Equal(expected is null ? "rewrite_bad_host" : "via_upstream", exchange.Reason);
        Assert.Equal(expected ?? "example.com", exchange.Request.AuthorityText);
    }

    [Fact]
    public async Task An_asterisk_is_no_path()
    {
        using var exchange = TestExchange.Create("OPTIONS", "*");
        await exchange.RunAsync(new RewriteFilter(new() { Path = Template.Parse("/x") }));
        Assert.Equal("*", exchange.Request.PathText);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task The_upstream_gets_the_new_target_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Target));
        await using var proxy = await StartAsync(upstream.Port, "rules: [ { path: '/u/(.*)', to: '/users/$1' } ], set_query: { via: '%METHOD%' }", transport);
        Assert.Equal("/users/1?a=b&via=GET", (await proxy.SendAsync("GET /u/1?a=b HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        Assert.Equal(400, (await proxy.SendAsync("GET /u/..%2f HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("rules: [ { path: '/(?<!a)b', to: /c } ]", "look-around")]
    [InlineData("rules: [ { path: /a, to: b } ]", "must be a path")]
    [InlineData("rules: [ { path: /a, to: '/b c' } ]", "must be a path")]
    [InlineData("rules: [ { path: /a, to: /b } ], path: /c", "both say")]
    [InlineData("path: '%NOPE%'", "unknown operator")]
    [InlineData("set_query: {}", "at least one")]
    public async Task A_wrong_option_is_refused(string options, string message) => Assert.Contains(
        message, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets))).Message, StringComparison.Ordinal);

    private static Dictionary<string, Template> Values(string name, string value) => new() { [name] = Template.Parse(value) };

    private static string TargetOf(TestExchange exchange) =>
        exchange.Request.HasQuery ? $"{exchange.Request.PathText}?{exchange.Request.QueryText}" : exchange.Request.PathText;

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ rewrite: {{ {options} }} }} ] }}", components: typeof(RewriteFilter));
}
