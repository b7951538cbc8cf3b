using FilterProxy.Filters.Buffer;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Buffer;

public sealed class BufferFilterTests
{
    private const string Chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task The_upstream_hears_of_a_request_when_it_is_whole(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Headers["content-length"]} {r.Text}"));
        await using var proxy = await StartAsync(upstream.Port, "request: true", transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Chunked[..^5]);
        Assert.Empty(upstream.Connections);
        await client.SendAsync(Chunked[^5..]);
        Assert.Equal("11 hello world", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [InlineData("pass", 200, "hello world")]
    [InlineData("reject", 413, "Request body too large (body_too_large)\n")]
    public async Task A_larger_request_streams_or_is_refused(string larger, int status, string body)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await StartAsync(upstream.Port, $"request: true, max_request: 10, larger: {larger}", TestTransport.Direct);
        var response = await proxy.SendAsync(Chunked);
        Assert.Equal((status, body), (response.Status, response.Text));
    }

    [Fact]
    public async Task A_response_that_breaks_off_is_never_begun()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").ThenClose());
        await using var proxy = await StartAsync(upstream.Port, "response: true", TestTransport.Direct);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((502, "upstream_body_failed"), (response.Status, response.Headers["x-filterproxy-reason"]));
    }

    [Theory]
    [InlineData("pass", 200, "hello world", null)]
    [InlineData("reject", 502, "Response body too large (response_too_large)\n", "45")]
    public async Task A_larger_response_streams_or_is_replaced(string larger, int status, string body, string? length)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
        await using var proxy = await StartAsync(upstream.Port, $"response: true, max_response: 10, larger: {larger}", TestTransport.Direct);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((status, body, length), (response.Status, response.Text, response.Headers["content-length"]));
    }

    [Fact]
    public async Task A_buffered_response_has_a_length()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
        await using var proxy = await StartAsync(upstream.Port, "response: true", TestTransport.Direct);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(("hello", "5"), (response.Text, response.Headers["content-length"]));
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("Text/Event-Stream; charset=utf-8")]
    [InlineData("application/grpc+proto")]
    public async Task Streams_are_not_waited_for(string type)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "hello", ("content-type", type));
        await exchange.RunAsync(new BufferFilter(new() { Response = true, MaxResponse = new ByteSize(1), Larger = OversizePolicy.Reject }));
        Assert.Equal(200, exchange.Status);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{ request: true, larger: refuse }")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
        1, TestTransport.Sockets, $"{{ route_filters: [ {{ buffer: {options} }} ] }}", components: typeof(BufferFilter)));

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ buffer: {{ {options} }} }} ] }}", components: typeof(BufferFilter));
}
