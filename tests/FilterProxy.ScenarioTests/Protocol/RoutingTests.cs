using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class RoutingTests : Scenario
{
    private static async Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport, string routes, string http = "{}") =>
        await TestProxy.StartAsync(
            $$"""
            http: {{http}}
            routes:
              {{routes.ReplaceLineEndings("\n  ")}}
            clusters:
              origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] }
              other: { endpoints: ["127.0.0.1:{{upstream.Port}}"], host: other.internal }
            """,
            transport);

    private static string To(string target, string host = "site.example") => $"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n";

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Paths_are_rewritten_on_their_way(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Target} {r.Headers["Host"]}"));
        await using var proxy = await StartAsync(upstream, transport, """
            - { match: { path: /strip/* }, cluster: origin, rewrite: { strip_prefix: /strip } }
            - { match: { path: /add/* }, cluster: origin, rewrite: { add_prefix: /v1 } }
            - { match: { path: /both/* }, cluster: origin, rewrite: { strip_prefix: /both, add_prefix: /v1 } }
            - { match: { path: "/api/{service}/{rest*}" }, cluster: origin, rewrite: { path: "/{service}/api/{rest}" } }
            - { match: { path: /host/* }, cluster: origin, rewrite: { host: admin.internal } }
            - { match: { path: /other/* }, cluster: other }
            """);
        await using var client = await proxy.ConnectAsync();

        foreach (var (target, seen) in new[]
        {
            ("/strip/a/b?c=d", "/a/b?c=d site.example"),
            ("/strip", "/ site.example"),
            ("/strip?x", "/?x site.example"),
            ("/add/x", "/v1/add/x site.example"),
            ("/both/x", "/v1/x site.example"),
            ("/api/users/a%2Fb/c?q=1", "/users/api/a%2Fb/c?q=1 site.example"),
            ("/host/x", "/host/x admin.internal"),
            ("/other/x", "/other/x other.internal"),
            ("http://site.example/strip/abs", "/abs site.example"),
        })
        {
            Assert.Equal(seen, (await client.RoundTripAsync(To(target))).Text);
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Redirects_never_name_a_host_the_client_chose_in_the_path(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport, """
            - { match: { path: /old/* }, redirect: { status: 308, path: /new } }
            - { match: { path: /out/* }, redirect: { status: 302, scheme: https, host: example.com } }
            - { match: { path: "/open/{rest*}" }, redirect: { status: 301, path: "/{rest}" } }
            - { match: { path: / }, redirect: { status: 307, scheme: https } }
            """, "{ path: { merge_slashes: false } }");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("/new?a=b", (await client.RoundTripAsync(To("/old/x?a=b"))).Headers["Location"]);
        Assert.Equal("https://example.com/out/x", (await client.RoundTripAsync(To("/out/x"))).Headers["Location"]);
        Assert.Equal("https://site.example/", (await client.RoundTripAsync(To("/", "site.example:8080"))).Headers["Location"]);
        foreach (var target in new[] { "//evil.example/open/..", "/open//evil.example", "/open/..//evil.example", "/open/%2f%2fevil.example", "/open/\\evil.example" })
        {
            var response = await proxy.SendAsync(To(target));
            var location = response.Headers["Location"] ?? "/";
            Assert.True(location.StartsWith('/') && !location.StartsWith("//", StringComparison.Ordinal) && !location.StartsWith("/\\", StringComparison.Ordinal), $"{target} -> {location}");
        }

        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_route_may_answer_itself_and_no_route_is_404(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(
            upstream, transport, "- { match: { path: /ping }, respond: { status: 203, body: pong, content_type: text/x, headers: { x-a: b } } }");
        await using var client = await proxy.ConnectAsync();

        var ping = await client.RoundTripAsync(To("/ping"));
        var head = await client.RoundTripAsync("HEAD /ping HTTP/1.1\r\nHost: a\r\n\r\n");
        var none = await client.RoundTripAsync(To("/none"));

        Assert.Equal((203, "pong", "text/x", "b"), (ping.Status, ping.Text, ping.Headers["Content-Type"], ping.Headers["X-A"]));
        Assert.Equal((203, "4"), (head.Status, head.Headers["Content-Length"]));
        Assert.Equal((404, "Not found (no_route)\n"), (none.Status, none.Text));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Traffic_is_split_by_weight(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Headers["Host"]!));
        await using var proxy = await StartAsync(upstream, transport, "- { clusters: [ { cluster: origin, weight: 3 }, { cluster: other } ] }");
        await using var client = await proxy.ConnectAsync();
        var others = 0;

        for (var i = 0; i < 400; i++)
        {
            others += (await client.RoundTripAsync(To("/"))).Text == "other.internal" ? 1 : 0;
        }

        // 100 are expected; six standard deviations of sqrt(400 * 1/4 * 3/4) to either side.
        Assert.InRange(others, 48, 152);
    }

    [Theory]
    [InlineData("/admin/../x", "public /x")]
    [InlineData("/public/../admin/x", "403")]
    [InlineData("/public/%2e%2e/admin", "403")]
    [InlineData("/public/%2E./admin", "403")]
    [InlineData("/./admin/x", "403")]
    [InlineData("//admin/x", "403")]
    [InlineData("/public//../admin", "403")]
    [InlineData("/%61dmin/x", "403")]
    [InlineData("/admin%2Fx", "public /admin%2Fx")]
    [InlineData("/public/..%2Fadmin", "400")]
    [InlineData("http://site.example/admin", "403")]
    [InlineData("http://site.example//x/../admin", "403")]
    [InlineData("/adminx", "public /adminx")]
    [InlineData("/admin?/../x", "403")]
    [InlineData("/x?/../admin", "public /x?/../admin")]
    [InlineData("/../../admin", "400")]
    public async Task The_upstream_sees_the_path_the_route_matched(string target, string expected)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"public {r.Target}"));
        await using var proxy = await StartAsync(upstream, TestTransport.Memory, """
            - { match: { path: /admin/* }, respond: { status: 403, body: "403" } }
            - { cluster: origin }
            """);

        var response = await proxy.SendAsync(To(target));

        Assert.Equal(expected, response.Status == 200 ? response.Text : $"{response.Status}");
    }
}
