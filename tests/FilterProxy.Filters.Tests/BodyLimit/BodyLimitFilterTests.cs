using FilterProxy.Filters.BodyLimit;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.BodyLimit;

public sealed class BodyLimitFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 200, TestTransport.Direct)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!", 413, TestTransport.Direct)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 200, TestTransport.Direct)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 413, TestTransport.Direct)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!", 413, TestTransport.H2c)]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 413, TestTransport.H2c)]
    public async Task A_request_over_its_limit_is_refused(string request, int status, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await StartAsync(upstream.Port, "request: 5", transport);
        var response = await proxy.SendAsync(request);
        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? null : "body_too_large", response.Headers["x-filterproxy-reason"]);
    }

    [Theory]
    [InlineData(5, 200, "hello")]
    [InlineData(4, 502, "Response body too large (response_too_large)\n")]
    public async Task A_response_over_its_limit_is_replaced(int limit, int status, string body)
    {
        using var exchange = TestExchange.Get("/").WithResponse(200, "hello");
        await exchange.RunAsync(Filter(new() { Response = new ByteSize(limit) }));
        Assert.Equal((status, body), (exchange.Status, exchange.BodyText));
    }

    [Theory]
    [InlineData(12, false)]
    [InlineData(11, true)]
    public async Task A_response_without_a_length_is_cut_when_it_passes_its_limit(int limit, bool cut)
    {
        using var exchange = TestExchange.Get("/").InPiecesOf(5).WithResponse(200, "hello worlds", ("transfer-encoding", "chunked"));
        var run = await exchange.RunAsync(Filter(new() { Response = new ByteSize(limit) }));
        Assert.Equal((cut, cut ? "response_too_large" : "via_upstream"), (run.ResponseCut, exchange.Reason));
    }

    [Fact]
    public async Task A_client_never_takes_a_part_for_the_whole()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"));
        await using var proxy = await StartAsync(upstream.Port, "response: 10", TestTransport.Direct);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await Assert.ThrowsAsync<RawFormatException>(() => client.ReadResponseAsync());
    }

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("GET", 304)]
    public async Task The_length_of_another_message_is_not_judged(string method, int status)
    {
        using var exchange = TestExchange.Create(method, "/").WithResponse(status, "", ("content-length", "1000"));
        await exchange.RunAsync(Filter(new() { Response = new ByteSize(10) }));
        Assert.Equal(status, exchange.Status);
    }

    [Fact]
    public void A_body_whose_length_is_said_keeps_the_fast_path()
    {
        using var exchange = TestExchange.Post("/", "hello").WithResponse(200, "hello");
        var filter = Filter(new() { Request = new ByteSize(10), Response = new ByteSize(10) });
        Assert.Equal((BodyUse.None, BodyUse.None), (filter.UseRequestBody(exchange), filter.UseResponseBody(exchange)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{ request: 10k }")]
    [InlineData("{ requests: 10 }")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
        1, TestTransport.Sockets, $"{{ route_filters: [ {{ body_limit: {options} }} ] }}", components: typeof(BodyLimitFilter)));

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ body_limit: {{ {options} }} }} ] }}", components: typeof(BodyLimitFilter));

    private BodyLimitFilter Filter(BodyLimitOptions options) => new(options, _context);
}
