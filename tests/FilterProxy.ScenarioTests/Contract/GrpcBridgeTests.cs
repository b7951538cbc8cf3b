using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class GrpcBridgeTests
{
    private const string Request = "POST /pkg.Service/Method HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: 3\r\n\r\nabc";

    [Theory]
    [EachProtocol]
    public async Task A_message_goes_in_a_frame_and_the_answer_comes_out_of_one(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked(("Content-Type", "application/grpc+proto"))
            .ThenChunk("\0\0\0\0\u0002hi").ThenLastChunk(("grpc-status", "0")));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync(Request);

        Assert.Equal(200, response.Status);
        Assert.Equal("hi", response.Text);
        Assert.Equal("2", response.Headers["content-length"]);
        Assert.Equal("0", response.Headers["grpc-status"]);
        Assert.Empty(response.Trailers);
        Assert.Equal("\0\0\0\0\u0003abc", upstream.Requests[0].Text);
        Assert.Equal("trailers", upstream.Requests[0].Headers["te"]);
        Assert.Equal("application/grpc+proto", upstream.Requests[0].Headers["content-type"]);
    }

    [Theory]
    [EachProtocol]
    public async Task A_status_in_the_trailers_becomes_the_responses(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenLastChunk(("grpc-status", "5"), ("grpc-message", "no such thing")));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync(Request);

        Assert.Equal(404, response.Status);
        Assert.Equal("no such thing", response.Headers["grpc-message"]);
    }

    [Theory]
    [EachProtocol]
    public async Task An_answer_that_is_not_grpc_is_a_502(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);

        Assert.Equal(502, (await proxy.SendAsync(Request)).Status);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport) =>
        TestProxy.StartAsync(upstream.Port, transport, http: "{ route_filters: [sketch_grpc_bridge] }", components: typeof(GrpcBridge));
}
