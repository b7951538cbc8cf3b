using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class ForwardingHeaderTests : Scenario
{
    private const string Forged = "GET / HTTP/1.1\r\nHost: site.example:8080\r\nX-Forwarded-For: 203.0.113.7, 198.51.100.9\r\nX-Forwarded-Host: evil\r\n"
        + "X-Forwarded-Proto: gopher\r\nX-Forwarded-Prefix: /evil\r\nX-Real-IP: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\nX-Request-Id: mine\r\nVia: 1.0 old\r\n\r\n";

    [Fact]
    public async Task A_client_that_names_no_host_is_sent_on_with_the_endpoints()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port);

        await proxy.SendAsync("GET / HTTP/1.0\r\n\r\n");

        Assert.Equal($"127.0.0.1:{upstream.Port}", upstream.Requests[0].Headers["Host"]);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task The_upstream_learns_of_the_client_and_not_what_the_client_forged(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ forwarding: { forwarded: true } }");

        await proxy.SendAsync(Forged);

        var headers = upstream.Requests[0].Headers;
        var proto = TestTransports.SchemeOf(transport);
        Assert.Equal("127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal("site.example:8080", headers["X-Forwarded-Host"]);
        Assert.Equal(proto, headers["X-Forwarded-Proto"]);
        Assert.Equal($"for=127.0.0.1;host=\"site.example:8080\";proto={proto}", headers["Forwarded"]);
        Assert.Equal(32, headers["X-Request-Id"]!.Length);
        Assert.Equal(["1.0 old", TestTransports.IsHttp2(transport) ? "2.0 filterproxy" : "1.1 filterproxy"], headers.Values("Via"));
        Assert.False(headers.Contains("X-Forwarded-Prefix") || headers.Contains("X-Real-IP"));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_trusted_proxy_is_believed_and_extended(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, transport, "{ forwarding: { forwarded: true, trusted_proxies: [127.0.0.1] } }");

        await proxy.SendAsync(Forged);

        var headers = upstream.Requests[0].Headers;
        Assert.Equal("203.0.113.7, 198.51.100.9, 127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal(("evil", "gopher", "mine"), (headers["X-Forwarded-Host"], headers["X-Forwarded-Proto"], headers["X-Request-Id"]));
        Assert.StartsWith("for=203.0.113.7, for=127.0.0.1;", headers["Forwarded"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[127.0.0.1]", "203.0.113.7, 198.51.100.9", "198.51.100.9")]
    [InlineData("[127.0.0.1, 198.51.100.0/24]", "203.0.113.7, 198.51.100.9", "203.0.113.7")]
    [InlineData("[127.0.0.1, 198.51.100.0/24]", "203.0.113.7:4711", "203.0.113.7")]
    [InlineData("[127.0.0.1]", "[2001:db8::1]:80", "2001:db8::1")]
    [InlineData("[127.0.0.1]", "203.0.113.7, nonsense", "127.0.0.1")]
    [InlineData("[10.0.0.0/8]", "203.0.113.7", "127.0.0.1")]
    public async Task The_clients_address_is_the_last_that_is_not_a_trusted_proxys(string trusted, string list, string client)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port,
            TestTransport.Memory,
            $$"""{ forwarding: { trusted_proxies: {{trusted}} }, filters: [stamp] }""",
            "",
            typeof(StampFilter));

        await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {list}\r\n\r\n");

        Assert.Equal(client, upstream.Requests[0].Headers["X-Client"]);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_stripped_prefix_is_told(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            routes: [ { match: { path: /admin/* }, cluster: origin, rewrite: { strip_prefix: /admin } } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            transport);

        await proxy.SendAsync("GET /admin/users HTTP/1.1\r\nHost: a\r\nX-Forwarded-Prefix: /evil\r\n\r\n");

        Assert.Equal(("/users", "/admin"), (upstream.Requests[0].Target, upstream.Requests[0].Headers["X-Forwarded-Prefix"]));
    }
}
