using System.Text;
using FilterProxy.Filters.GrpcWeb;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.GrpcWeb;

public sealed class GrpcWebFilterTests : IDisposable
{
    private static readonly byte[] Message = [0, 0, 0, 0, 3, .. "abc"u8];
    private readonly TestComponentContext _context = new();
    private readonly System.Buffers.ArrayBufferWriter<byte> _written = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("application/grpc-web", "application/grpc")]
    [InlineData("application/grpc-web+proto", "application/grpc+proto")]
    [InlineData("application/grpc-web+json; a=b", "application/grpc+json; a=b")]
    public async Task The_upstream_gets_grpc(string type, string expected)
    {
        using var exchange = Call(type, Message).WithHeader("x-grpc-web", "1");

        var run = await exchange.RunAsync(Filter());

        Assert.Equal(expected, run.Upstream!.Headers["content-type"]);
        Assert.Equal("trailers", run.Upstream.Headers["te"]);
        Assert.Null(run.Upstream.Headers["x-grpc-web"]);
        Assert.Equal(Message, run.RequestBody);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Base64_is_decoded_however_it_is_cut(int piece)
    {
        // Two messages, each base64 of its own.
        var text = Convert.ToBase64String(Message) + Convert.ToBase64String(Message);
        using var exchange = Call("application/grpc-web-text", Encoding.ASCII.GetBytes(text)).InPiecesOf(piece);

        var run = await exchange.RunAsync(Filter());

        Assert.Equal([.. Message, .. Message], run.RequestBody);
    }

    [Theory]
    [InlineData("AAA")]
    [InlineData("A*==")]
    [InlineData("AAAA=")]
    public async Task What_is_not_base64_is_refused(string text)
    {
        using var exchange = Call("application/grpc-web-text", Encoding.ASCII.GetBytes(text));

        await exchange.RunAsync(Filter());

        Assert.Equal((400, "grpc_web_bad_base64"), (exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task Trailers_become_the_last_frame()
    {
        using var exchange = Call("application/grpc-web+proto", Message);
        exchange.WithResponse(200, Message, ("content-type", "application/grpc+proto"));
        exchange.Response.Trailers.Set("Grpc-Status", "0");
        exchange.Response.Trailers.Set("x-a", "b");

        await RespondAsync(exchange);

        Assert.Equal("application/grpc-web+proto", exchange.Response.Headers["content-type"]);
        Assert.Equal([.. Message, 0x80, 0, 0, 0, 22, .. "grpc-status:0\r\nx-a:b\r\n"u8], _written.WrittenSpan.ToArray());
        Assert.Equal(0, exchange.Response.Trailers.Count);
    }

    [Fact]
    public async Task A_text_client_gets_base64_piece_by_piece()
    {
        using var exchange = Call("application/grpc-web-text", Encoding.ASCII.GetBytes(Convert.ToBase64String(Message)));
        exchange.WithResponse(200, Message, ("content-type", "application/grpc"));
        exchange.Response.Trailers.Set("grpc-status", "0");

        await RespondAsync(exchange);

        Assert.Equal("application/grpc-web-text+proto", exchange.Response.Headers["content-type"]);
        Assert.Equal([.. Message, 0x80, 0, 0, 0, 15, .. "grpc-status:0\r\n"u8], Convert.FromBase64String(Encoding.ASCII.GetString(_written.WrittenSpan.ToArray())));
    }

    [Fact]
    public async Task A_status_in_the_head_stays_there()
    {
        using var exchange = Call("application/grpc-web", Message).WithResponse(200, "", ("content-type", "application/grpc"), ("grpc-status", "5"));

        await exchange.RunAsync(Filter());

        Assert.Equal("5", exchange.Response.Headers["grpc-status"]);
        Assert.Empty(exchange.ResponseBody);
    }

    [Theory]
    [InlineData(503, 503)]
    [InlineData(200, 502)]
    public async Task An_upstream_that_is_not_grpc_is_answered_for(int status, int expected)
    {
        using var exchange = Call("application/grpc-web", Message).WithResponse(status, "<html>", ("content-type", "text/html"));

        await exchange.RunAsync(Filter());

        Assert.Equal((expected, "upstream_not_grpc"), (exchange.Status, exchange.Reason));
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/json")]
    [InlineData("application/grpc-webx")]
    public async Task Other_requests_pass_unchanged(string type)
    {
        using var exchange = Call(type, Message).WithResponse(200, "x", ("content-type", "text/plain"));

        var run = await exchange.RunAsync(Filter());

        Assert.Equal(type, run.Upstream!.Headers["content-type"]);
        Assert.Equal("x", exchange.BodyText);
    }

    [Fact]
    public async Task Text_may_be_off()
    {
        using var exchange = Call("application/grpc-web-text", Message);

        var run = await exchange.RunAsync(new GrpcWebFilter(new() { Text = false }, _context));

        Assert.Equal("application/grpc-web-text", run.Upstream!.Headers["content-type"]);
    }

    private static TestExchange Call(string type, byte[] body) => TestExchange.Post("/pkg.Service/Method", body).WithHeader("content-type", type);

    private GrpcWebFilter Filter() => new(new(), _context);

    // Phase by phase: a run would take the trailers back with the answer.
    private async Task RespondAsync(TestExchange exchange)
    {
        var filter = Filter();
        await filter.OnRequestAsync(exchange);
        await filter.OnResponseAsync(exchange);
        Assert.Equal(BodyUse.Transform, filter.UseResponseBody(exchange));
        var body = exchange.ResponseBody;
        await filter.OnResponseBodyAsync(exchange, new(body.AsMemory()), end: true, _written);
    }
}
