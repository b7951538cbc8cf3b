using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FilterProxy.ScenarioTests.Executable;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Grpc;

/// <summary>JSON over plain HTTP to a gRPC service, by the descriptors of its real proto.</summary>
public sealed class GrpcJsonTests(GrpcFixture grpc) : IClassFixture<GrpcFixture>
{
    private const string Parts = """{"parts":[{"size":3},{"size":2,"delay":400}]}""";

    [GrpcFact]
    public async Task A_call_is_answered_in_json()
    {
        await using var site = await SiteAsync(grpc.Port);
        await using var client = await site.ConnectAsync();

        var response = await RoundTripAsync(client, Post("Unary", """{"name":"žluť","responseSize":3,"payload":"AQID"}"""));

        Assert.Equal((200, "application/json", """{"payload":"AAAA","name":"žluť"}"""), (response.Status, response.Headers["Content-Type"], response.Text));
        Assert.False(response.Headers.Contains("grpc-status"));
    }

    [GrpcTheory]
    [InlineData(1, 499)]
    [InlineData(3, 400)]
    [InlineData(5, 404)]
    [InlineData(7, 403)]
    [InlineData(8, 429)]
    [InlineData(12, 501)]
    [InlineData(13, 500)]
    [InlineData(14, 503)]
    [InlineData(16, 401)]
    public async Task A_status_of_the_service_becomes_one_of_http(int code, int status)
    {
        await using var site = await SiteAsync(grpc.Port);
        await using var client = await site.ConnectAsync();

        var response = await RoundTripAsync(client, Post("Unary", $$$"""{"status":{"code":{{{code}}},"message":"no \"such\" thing ☺"}}"""));

        Assert.Equal((status, code, "no \"such\" thing ☺"), (response.Status, CodeOf(response), MessageOf(response)));
    }

    [GrpcFact]
    public async Task What_goes_wrong_on_the_way_is_json_too()
    {
        await using var site = await SiteAsync(grpc.Port);
        await using var client = await site.ConnectAsync();
        using var dead = new DeadPort();
        await using var broken = await SiteAsync(dead.Port);
        await using var other = await broken.ConnectAsync();

        var malformed = await RoundTripAsync(client, Post("Unary", """{"name":"""));
        var unknown = await RoundTripAsync(client, Post("Unary", """{"responseSize":"many"}"""));
        var unreachable = await RoundTripAsync(other, Post("Unary", "{}"));

        Assert.Equal((400, 3), (malformed.Status, CodeOf(malformed)));
        Assert.Equal((400, 3), (unknown.Status, CodeOf(unknown)));
        Assert.Equal((503, 14), (unreachable.Status, CodeOf(unreachable)));
    }

    [GrpcTheory]
    [InlineData("array", "application/json", """[{"payload":"AAAA"}""", """,{"payload":"AAA="}]""")]
    [InlineData("ndjson", "application/x-ndjson", "{\"payload\":\"AAAA\"}\n", "{\"payload\":\"AAA=\"}\n")]
    [InlineData("sse", "text/event-stream", "data: {\"payload\":\"AAAA\"}\n\n", "data: {\"payload\":\"AAA=\"}\n\n")]
    public async Task A_stream_comes_message_by_message(string stream, string type, string first, string second)
    {
        await using var site = await SiteAsync(grpc.Port, stream);
        await using var client = await site.ConnectAsync();
        await client.SendAsync(Post("StreamOut", Parts));

        var response = await client.ReadResponseAsync(toHead: true);
        Assert.Equal((200, type), (response.Status, response.Headers["Content-Type"]));
        Assert.Equal(first, await ReadChunkAsync(client));
        var rest = "";
        for (var chunk = await ReadChunkAsync(client); chunk.Length > 0; chunk = await ReadChunkAsync(client))
        {
            rest += chunk;
        }

        Assert.Equal(second, rest);
    }

    [GrpcTheory]
    [InlineData("array", """[{"payload":"AAAA"},{"error":{"code":9,"message":"late"}}]""")]
    [InlineData("sse", "data: {\"payload\":\"AAAA\"}\n\ndata: {\"error\":{\"code\":9,\"message\":\"late\"}}\n\n")]
    public async Task A_status_after_messages_is_the_last_of_them(string stream, string expected)
    {
        await using var site = await SiteAsync(grpc.Port, stream);
        await using var client = await site.ConnectAsync();

        var response = await RoundTripAsync(client, Post("StreamOut", """{"parts":[{"size":3}],"status":{"code":9,"message":"late"}}"""));

        Assert.Equal((200, expected), (response.Status, response.Text));
    }

    [GrpcFact]
    public async Task A_client_that_leaves_cancels_the_call()
    {
        await using var site = await SiteAsync(grpc.Port, "sse");
        await using var counter = await site.ConnectAsync();
        var before = await CancelledAsync();
        await using (var client = await site.ConnectAsync())
        {
            await client.SendAsync(Post("StreamOut", """{"parts":[{"size":3},{"size":2,"delay":20000}]}"""));
            await client.ReadResponseAsync(toHead: true);
            await ReadChunkAsync(client);
        }

        await Poll.UntilAsync(async () => await CancelledAsync() > before);

        async Task<int> CancelledAsync()
        {
            var text = (await RoundTripAsync(counter, Post("Unary", """{"name":"cancelled"}"""))).Text;
            return int.Parse(text.Split('"')[3]);
        }
    }

    [GrpcFact]
    public async Task A_client_over_h2_gets_the_same()
    {
        await using var site = await SiteAsync(grpc.Port, "sse");
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(IPAddress.Loopback, site.Port);
        await using var client = await H2Client.StartAsync(tcp.GetStream());
        var stream = await client.OpenAsync(
            end: false, (":method", "POST"), (":scheme", "http"), (":path", "/filterproxy.test.Echo/StreamOut"), (":authority", "a"), ("content-type", "application/json"));
        await client.SendDataAsync(stream, Encoding.UTF8.GetBytes(Parts), end: true);

        var response = await client.ReadResponseAsync(stream);

        Assert.Equal((200, "data: {\"payload\":\"AAAA\"}\n\ndata: {\"payload\":\"AAA=\"}\n\n"), (response.Status, response.Text));
        Assert.Empty(response.Trailers);
    }

    private static byte[] Post(string method, string json) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"POST /filterproxy.test.Echo/{method} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n"),
        .. Encoding.UTF8.GetBytes(json),
    ];

    private static async Task<RawResponse> RoundTripAsync(RawClient client, byte[] request)
    {
        await client.SendAsync(request);
        return await client.ReadResponseAsync();
    }

    private static async Task<string> ReadChunkAsync(RawClient client)
    {
        var size = int.Parse((await client.ReadLineAsync())!, System.Globalization.NumberStyles.HexNumber);
        var chunk = await client.ReadExactlyAsync(size);
        await client.ReadLineAsync();
        return Encoding.UTF8.GetString(chunk);
    }

    private static int CodeOf(RawResponse response) => JsonOf(response).GetProperty("code").GetInt32();

    private static string? MessageOf(RawResponse response) => JsonOf(response).GetProperty("message").GetString();

    private static JsonElement JsonOf(RawResponse response) => JsonDocument.Parse(response.Text).RootElement;

    private async Task<Site> SiteAsync(int service, string stream = "array")
    {
        var port = ServerProcess.FreePort();
        var file = new ConfigFile($$"""
            plugins: [GrpcJson]
            listeners: { web: { address: "127.0.0.1:{{port}}", protocols: [http1, http2] } }
            routes: [ { name: all, filters: [ { grpc_json: { descriptors: "{{grpc.Descriptors}}", stream: {{stream}} } } ], cluster: service } ]
            clusters: { service: { endpoints: ["127.0.0.1:{{service}}"], protocol: h2c } }
            """);
        var proxy = ProxyProcess.Start("run", "-c", file.Path);
        await proxy.ReadyAsync();
        return new Site(file, proxy, port);
    }

    private sealed record Site(ConfigFile File, ProxyProcess Proxy, int Port) : IAsyncDisposable
    {
        public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Port);

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            File.Dispose();
        }
    }
}
