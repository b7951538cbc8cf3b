using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class LoginTests
{
    [Theory]
    [EachProtocol]
    public async Task Who_is_not_known_is_sent_to_the_login_page(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(302, response.Status);
        Assert.Equal("/login?return_to=%2Fa%3Fb%3Dc", response.Headers["location"]);
        Assert.Equal(2, response.Headers.Values("set-cookie").Count);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task Who_is_known_passes_and_the_upstream_learns_who_it_is(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-User: forged\r\nCookie: other=1; session=user-ann\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Equal("ann", upstream.Requests[0].Headers["x-user"]);
        Assert.Equal("ann", upstream.Requests[0].Headers["x-login"]);
    }

    [Theory]
    [EachProtocol]
    public async Task The_next_request_on_the_connection_is_somebody_else(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();
        await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nCookie: session=user-ann\r\n\r\n");

        var second = await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(302, second.Status);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport) => TestProxy.StartAsync(
        upstream.Port, transport, http: "{ route_filters: [sketch_login, sketch_identity] }", components: [typeof(Login), typeof(Identity)]);
}
