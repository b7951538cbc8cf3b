using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class HopByHopTests : Scenario
{
    // HTTP/1 alone: a request with such fields is malformed in HTTP/2 (Http2/DowngradeTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task Fields_for_one_hop_do_not_reach_the_upstream(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        await proxy.SendAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Mine, TE\r\nConnection: x-other\r\nX-Mine: 1\r\nX-Other: 2\r\n"
            + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip, trailers\r\nX-Kept: 3\r\n\r\n");

        var headers = upstream.Requests[0].Headers;
        Assert.Equal(("trailers", "3"), (headers["TE"], headers["X-Kept"]));
        Assert.All(new[] { "Connection", "X-Mine", "X-Other", "Keep-Alive", "Proxy-Connection" }, n => Assert.False(headers.Contains(n), n));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Fields_for_one_hop_do_not_reach_the_client(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("ok", ("Connection", "X-Mine, keep-alive"), ("X-Mine", "1"),
            ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("TE", "trailers"), ("Upgrade", "h2c"), ("X-Kept", "3")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        var response = await proxy.SendAsync(Get);

        Assert.Equal(("ok", "3"), (response.Text, response.Headers["X-Kept"]));
        Assert.All(
            new[] { "Connection", "X-Mine", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade" },
            n => Assert.False(response.Headers.Contains(n), n));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_cannot_nominate_away_what_the_proxy_says_of_it(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, transport, "{ route_filters: [stamp] }", "", typeof(StampFilter));

        await proxy.SendAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, X-Request-Id, X-Client, Host, Content-Length, Cookie\r\n"
            + "Cookie: c\r\nX-Client: eve\r\n\r\n");

        var headers = upstream.Requests[0].Headers;
        Assert.Equal(("127.0.0.1", "127.0.0.1", "c"), (headers["X-Forwarded-For"], headers["X-Client"], headers["Cookie"]));
        Assert.True(headers.Contains("X-Request-Id") && headers.Contains("Host"));
    }
}
