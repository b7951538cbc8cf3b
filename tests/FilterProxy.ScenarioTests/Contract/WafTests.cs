using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class WafTests
{
    [Theory]
    [EachProtocol("hello", 200)]
    [EachProtocol("x; DROP TABLE y", 403)]
    public async Task A_request_body_is_judged_before_the_upstream_sees_it(string body, int status, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? 1 : 0, upstream.Requests.Count);
        Assert.Equal(status == 200 ? body : "Refused.\n", response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_client_that_expects_100_gets_it_when_the_body_is_buffered(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        Assert.Equal(100, (await client.ReadResponseAsync()).Status);
        await client.SendAsync("ok");

        Assert.Equal("ok", (await client.ReadResponseAsync()).Text);
        Assert.False(upstream.Requests[0].Headers.Contains("expect"));
    }

    [Theory]
    [EachProtocol]
    public async Task A_body_that_is_too_large_is_refused(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n{new string('x', 70000)}");

        Assert.Equal(413, response.Status);
        Assert.Empty(upstream.Requests);
    }

    // HTTP/1 alone: about chunks.
    [Fact]
    public async Task A_malformed_body_is_the_clients_fault_and_never_reaches_the_upstream()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, TestTransport.Sockets);

        var response = await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

        Assert.Equal(400, response.Status);
        Assert.Equal("close", response.Headers["connection"]);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task A_leaking_response_is_replaced_before_the_client_sees_any_of_it(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Chunked("-----BEGIN PRI", "VATE KEY-----"));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(502, response.Status);
        Assert.Equal("Refused.\n", response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_longer_than_it_buffers_passes_whole(TestTransport transport)
    {
        var body = new string('x', 300_000);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(body));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(body, response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_that_breaks_off_while_it_is_buffered_is_a_502(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("half").ThenClose());
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(502, response.Status);
        Assert.Contains("upstream_body_failed", response.Text);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_that_stops_coming_while_it_is_buffered_is_a_502(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("half").ThenHang());
        await using var proxy = await StartAsync(upstream, transport, "read_timeout: 200ms");

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(502, response.Status);
    }

    [Theory]
    [EachProtocol]
    public async Task Buffering_leaves_the_content_length_of_a_response_to_head(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("12345"));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("5", response.Headers["content-length"]);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport, string cluster = "") =>
        TestProxy.StartAsync(upstream.Port, transport, http: "{ route_filters: [sketch_waf] }", cluster: cluster, components: typeof(Waf));
}
