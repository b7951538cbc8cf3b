using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>A grpc-js client through the bridge to a service that speaks plain HTTP/1.</summary>
public sealed class GrpcHttp1BridgeTests(GrpcFixture grpc) : IClassFixture<GrpcFixture>
{
    // Request and Response { name: "hi" }.
    private const string Request = "\u0022\u0002hi";
    private const string Response = "\u0012\u0002hi";

    [GrpcFact]
    public async Task A_call_is_a_POST_of_its_message()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(Response, ("Content-Type", "application/x-protobuf")));

        Assert.Equal("ok named", await RunAsync(upstream, "named"));

        var request = Assert.Single(upstream.Requests);
        Assert.Equal(("POST", "/filterproxy.test.Echo/Unary", Request, "4"), (request.Method, request.Target, request.Text, request.Headers["Content-Length"]));
        Assert.Equal(("application/x-protobuf", "application/x-protobuf"), (request.Headers["Content-Type"], request.Headers["Accept"]));
    }

    [GrpcFact]
    public async Task Frames_may_stay()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("\0\0\0\0\u0004" + Response, ("Content-Type", "application/grpc-frames")));

        Assert.Equal("ok named", await RunAsync(upstream, "named", "{ keep_frames: true, content_type: application/grpc-frames }"));

        Assert.Equal("\0\0\0\0\u0004" + Request, Assert.Single(upstream.Requests).Text);
    }

    [GrpcTheory]
    [InlineData(400, "bad", "13 bad")]
    [InlineData(401, "who", "16 who")]
    [InlineData(403, "no", "7 no")]
    [InlineData(404, "none", "12 none")]
    [InlineData(429, "slow down", "14 slow down")]
    [InlineData(503, "later ☺", "14 later ☺")]
    [InlineData(418, "tea", "2 tea")]
    public async Task A_status_of_http_becomes_one_of_grpc(int status, string body, string expected)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(status, body, ("Content-Type", "text/plain")));

        Assert.Equal("ok expect_status", await RunAsync(upstream, "expect_status", expected: expected));
    }

    [GrpcFact]
    public async Task An_answer_of_another_type_is_no_answer()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("<html>", ("Content-Type", "text/html")));

        Assert.StartsWith("FAIL named: Expected values to be strictly deep-equal", await RunAsync(upstream, "named"), StringComparison.Ordinal);
        Assert.Equal("ok expect_status", await RunAsync(upstream, "expect_status", expected: "14 the upstream's content-type is not application/x-protobuf"));
    }

    private async Task<string> RunAsync(TestUpstream upstream, string name, string options = "{}", string? expected = null)
    {
        var port = ServerProcess.FreePort();
        using var file = new ConfigFile($$"""
            plugins: [GrpcHttp1Bridge]
            listeners: { web: { address: "127.0.0.1:{{port}}", protocols: [http1, http2] } }
            routes: [ { name: all, filters: [ { grpc_http1_bridge: {{options}} } ], cluster: service } ]
            clusters: { service: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        return await grpc.RunAsync(port, [name], expectStatus: expected);
    }
}
