using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class ResponseCacheTests
{
    private const string Get = "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\n\r\n";

    [Theory]
    [EachProtocol]
    public async Task A_second_request_is_answered_from_memory(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Chunked("one ", "two"));
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();

        var first = await client.RoundTripAsync(Get);
        var second = await client.RoundTripAsync(Get);

        Assert.Equal("one two", first.Text);
        Assert.Equal("one two", second.Text);
        Assert.Equal("7", second.Headers["content-length"]);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task A_cached_response_keeps_its_fields(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("x", ("X-Kind", "a"), ("X-Kind", "b")));
        await using var proxy = await StartAsync(upstream, transport);
        await proxy.SendAsync(Get);

        var second = await proxy.SendAsync(Get);

        Assert.Equal(["a", "b"], second.Headers.Values("x-kind"));
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task A_cached_response_has_no_body_for_head(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("body"));
        await using var proxy = await StartAsync(upstream, transport);
        await proxy.SendAsync(Get);

        var head = await proxy.SendAsync(Get.Replace("GET", "HEAD"));

        Assert.Equal(200, head.Status);
        Assert.Empty(head.Body);
        Assert.Single(upstream.Requests);
    }

    [Theory]
    [EachProtocol]
    public async Task An_empty_response_is_recorded_too(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(""));
        await using var proxy = await StartAsync(upstream, transport);
        await proxy.SendAsync(Get);

        await proxy.SendAsync(Get);

        Assert.Single(upstream.Requests);
    }

    [Theory]
    [EachProtocol("POST", 200, "")]
    [EachProtocol("GET", 404, "")]
    [EachProtocol("GET", 200, "no-store")]
    public async Task What_may_not_be_stored_is_not(string method, int status, string cacheControl, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(status, "x", ("Cache-Control", cacheControl)));
        await using var proxy = await StartAsync(upstream, transport);
        var request = $"{method} /a HTTP/1.1\r\nHost: a\r\n{(method == "POST" ? "Content-Length: 0\r\n" : "")}\r\n";

        await proxy.SendAsync(request);
        await proxy.SendAsync(request);

        Assert.Equal(2, upstream.Requests.Count);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_that_breaks_off_is_not_stored(TestTransport transport)
    {
        var count = 0;
        await using var upstream = TestUpstream.Start(_ => ++count == 1
            ? UpstreamResponse.BeginChunked().ThenChunk("half").ThenClose()
            : UpstreamResponse.Ok("whole"));
        await using var proxy = await StartAsync(upstream, transport);
        await using (var client = await proxy.ConnectAsync())
        {
            await Assert.ThrowsAnyAsync<Exception>(() => client.RoundTripAsync(Get));
        }

        var second = await proxy.SendAsync(Get);

        Assert.Equal("whole", second.Text);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport) =>
        TestProxy.StartAsync(upstream.Port, transport, "{ route_filters: [sketch_cache] }", components: typeof(ResponseCache));
}
