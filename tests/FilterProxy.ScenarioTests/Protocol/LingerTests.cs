using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Clients that stop in the middle of a body: the connection ends all the same.</summary>
public sealed class LingerTests : Scenario
{
    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task After_a_timeout_of_the_upstream_a_client_that_stalls_is_let_go(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Never()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { body_timeout: 1s } }", "response_timeout: 100ms, read_timeout: 100ms");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + new string('x', 1000));

        var response = await client.ReadResponseAsync();
        Assert.InRange(response.Status, 408, 504);
        await AssertLetGoAsync(client);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task After_a_timeout_of_the_body_the_client_is_told_and_let_go(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { body_timeout: 100ms } }");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nxxx");

        var response = await client.ReadResponseAsync();
        Assert.Equal(408, response.Status);
        await AssertGivenUpAsync(client, response);
    }

    // HTTP/1 alone: half a field block of HTTP/2 has no stream to answer on (Http2/LimitTests).
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task After_a_timeout_of_the_head_the_client_is_told_and_let_go(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ limits: { header_timeout: 100ms } }");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHos");

        var response = await client.ReadResponseAsync();
        Assert.Equal((408, "close"), (response.Status, response.Headers["Connection"]));
        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Replied_to_without_the_rest_of_its_small_body_a_client_is_let_go(TestTransport transport)
    {
        await using var proxy = await TestProxy.StartAsync(
            "http: { limits: { body_timeout: 100ms } }\nroutes: [ { match: { path: /hit }, respond: { body: hit } } ]", transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST /miss HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nxxx");

        Assert.Equal(404, (await client.ReadResponseAsync()).Status);
        await AssertLetGoAsync(client);
    }
}
