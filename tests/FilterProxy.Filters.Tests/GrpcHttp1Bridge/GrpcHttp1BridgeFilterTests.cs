using FilterProxy.Filters.GrpcHttp1Bridge;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.GrpcHttp1Bridge;

public sealed class GrpcHttp1BridgeFilterTests : IDisposable
{
    private static readonly byte[] Framed = [0, 0, 0, 0, 3, .. "abc"u8];
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task A_call_becomes_a_post_of_its_message()
    {
        using var exchange = Call(Framed).WithHeader("te", "trailers");

        var run = await exchange.RunAsync(Filter());

        Assert.Equal("abc"u8.ToArray(), run.RequestBody);
        Assert.Equal("application/x-protobuf", run.Upstream!.Headers["content-type"]);
        Assert.Equal("application/x-protobuf", run.Upstream.Headers["accept"]);
        Assert.Equal("3", run.Upstream.Headers["content-length"]);
        Assert.Null(run.Upstream.Headers["te"]);
    }

    [Fact]
    public async Task The_answer_comes_in_a_frame_with_a_status()
    {
        using var exchange = Call(Framed).WithResponse(200, "xyz", ("content-type", "application/x-protobuf"));

        await exchange.RunAsync(Filter());

        Assert.Equal([0, 0, 0, 0, 3, .. "xyz"u8], exchange.ResponseBody);
        Assert.Equal("application/grpc+proto", exchange.Response.Headers["content-type"]);
        Assert.Equal("0", exchange.Response.Trailers["grpc-status"]);
    }

    [Fact]
    public async Task Frames_may_be_kept()
    {
        using var exchange = Call(Framed).WithResponse(200, Framed, ("content-type", "application/grpc+custom"));

        var run = await exchange.RunAsync(Filter(new() { KeepFrames = true, ContentType = "application/grpc+custom" }));

        Assert.Equal(Framed, run.RequestBody);
        Assert.Equal(Framed, exchange.ResponseBody);
        Assert.Equal("0", exchange.Response.Trailers["grpc-status"]);
    }

    [Theory]
    [InlineData(503, "application/x-protobuf", 503)]
    [InlineData(404, "text/plain", 404)]
    [InlineData(204, "application/x-protobuf", 502)]
    [InlineData(200, "text/html", 502)]
    public async Task An_answer_that_is_none_is_a_failure_of_the_call(int status, string type, int expected)
    {
        using var exchange = Call(Framed).WithResponse(status, "why", ("content-type", type));

        await exchange.RunAsync(Filter());

        // The engine makes the status of gRPC of it, by the request's type.
        Assert.Equal(expected, exchange.Status);
        Assert.Equal("application/grpc+proto", exchange.Request.Headers["content-type"]);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 1 })]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 1, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1 })]
    public async Task What_is_not_one_plain_message_is_refused(byte[] body)
    {
        using var exchange = Call(body);

        await exchange.RunAsync(Filter());

        Assert.Equal((400, "grpc_bridge_bad_request"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused()
    {
        using var exchange = Call(Framed);

        await exchange.RunAsync(Filter(new() { MaxMessage = new ByteSize(2) }));

        Assert.Equal(413, exchange.Status);
    }

    [Fact]
    public async Task Other_requests_pass_unchanged()
    {
        using var exchange = TestExchange.Post("/", "abc").WithHeader("content-type", "text/plain").WithResponse(200, "x", ("content-type", "text/plain"));

        var run = await exchange.RunAsync(Filter());

        Assert.Equal("text/plain", run.Upstream!.Headers["content-type"]);
        Assert.Equal("x", exchange.BodyText);
    }

    private static TestExchange Call(byte[] body) => TestExchange.Post("/pkg.Service/Method", body).WithHeader("content-type", "application/grpc+proto");

    private GrpcHttp1BridgeFilter Filter(GrpcHttp1BridgeOptions? options = null) => new(options ?? new(), _context);
}
