using System.IO.Compression;
using System.Text;
using FilterProxy.Filters.Compression;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Compression;

public sealed class CompressionFilterTests
{
    private static readonly string Page = string.Concat(Enumerable.Range(0, 200).Select(i => $"<p>{i}</p>\n"));

    [Theory]
    [InlineData("gzip, br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("br;q=0.5, gzip;q=0.8", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("*", "br")]
    [InlineData("*;q=0.5, br;q=0", "gzip")]
    [InlineData("identity, gzip;q=0.5", null)]
    [InlineData("gzip;q=0", null)]
    [InlineData("gzip;q=x", null)]
    [InlineData("deflate", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public async Task The_clients_weights_decide(string? accepted, string? coding)
    {
        using var exchange = await RunAsync(accepted, new CompressionOptions());

        Assert.Equal(coding, exchange.Response.Headers["content-encoding"]);
        Assert.Equal("Accept-Encoding", exchange.Response.Headers["vary"]);
        Assert.Equal(Page, Decode(exchange));
    }

    [Fact]
    public async Task The_encodings_are_offered_in_their_order()
    {
        using var exchange = await RunAsync("br, gzip", new CompressionOptions { Encodings = [ContentCoding.Gzip] });

        Assert.Equal("gzip", exchange.Response.Headers["content-encoding"]);
    }

    [Theory]
    [InlineData("content-type", "image/png")]
    [InlineData("content-type", "text/event-stream")]
    [InlineData("content-encoding", "zstd")]
    [InlineData("cache-control", "public, no-transform")]
    [InlineData("content-range", "bytes 0-1/2")]
    public async Task Some_bodies_are_left_alone(string name, string value)
    {
        using var exchange = await RunAsync("gzip", new CompressionOptions(), (name, value));

        Assert.Equal(name == "content-encoding" ? value : null, exchange.Response.Headers["content-encoding"]);
        Assert.Equal(Page, exchange.BodyText);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(206)]
    [InlineData(304)]
    public async Task Some_statuses_are_left_alone(int status)
    {
        using var exchange = TestExchange.Get("/").WithHeader("accept-encoding", "gzip").WithResponse(status, Page, ("content-type", "text/html"));
        await RunAsync(exchange, new CompressionOptions());

        Assert.Null(exchange.Response.Headers["content-encoding"]);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", true)]
    [InlineData("TEXT/plain", true)]
    [InlineData("application/ld+json", true)]
    [InlineData("application/x-own", true)]
    [InlineData("application/pdf", false)]
    public async Task The_types_are_those_of_the_options(string type, bool compressed)
    {
        using var exchange = await RunAsync("gzip", new CompressionOptions { Types = ["text/*", "*+json", "application/x-own"] }, ("content-type", type));

        Assert.Equal(compressed ? "gzip" : null, exchange.Response.Headers["content-encoding"]);
    }

    [Theory]
    [InlineData(2000, "gzip")]
    [InlineData(20_000, null)]
    public async Task Short_bodies_are_left_alone(int least, string? coding)
    {
        using var exchange = await RunAsync("gzip", new CompressionOptions { MinSize = new ByteSize(least) });

        Assert.Equal(coding, exchange.Response.Headers["content-encoding"]);
    }

    [Theory]
    [InlineData(1, 9)]
    public async Task A_higher_gzip_level_tries_harder(int low, int high)
    {
        using var fast = await RunAsync("gzip", new CompressionOptions { GzipLevel = low });
        using var small = await RunAsync("gzip", new CompressionOptions { GzipLevel = high });

        Assert.True(small.ResponseBody.Length < fast.ResponseBody.Length);
    }

    [Theory]
    [InlineData(0, 11)]
    public async Task A_higher_Brotli_quality_tries_harder(int low, int high)
    {
        using var fast = await RunAsync("br", new CompressionOptions { BrotliQuality = low });
        using var small = await RunAsync("br", new CompressionOptions { BrotliQuality = high });

        Assert.True(small.ResponseBody.Length < fast.ResponseBody.Length);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task What_tells_of_other_bytes_goes(string coding)
    {
        using var exchange = await RunAsync(coding, new CompressionOptions(), ("etag", "\"x\""), ("accept-ranges", "bytes"), ("content-md5", "x"));
        var headers = exchange.Response.Headers;

        Assert.Equal(("W/\"x\"", null, null, null), (headers["etag"], headers["accept-ranges"], headers["content-md5"], headers["content-length"]));
    }

    [Fact]
    public async Task Vary_is_not_said_twice()
    {
        using var exchange = await RunAsync("gzip", new CompressionOptions(), ("vary", "Cookie, accept-encoding"));

        Assert.Equal("Cookie, accept-encoding", exchange.Response.Headers["vary"]);
    }

    [Theory]
    [InlineData("gzip", TestTransport.Direct)]
    [InlineData("br", TestTransport.Direct)]
    [InlineData("gzip", TestTransport.H2c)]
    public async Task A_streamed_body_reaches_the_client_as_it_comes(string coding, TestTransport transport)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ =>
            UpstreamResponse.BeginChunked(("Content-Type", "text/html")).ThenChunk(Page).ThenWait(gate.Task).ThenChunk("end").ThenLastChunk());
        await using var proxy = await StartAsync(upstream, "{}", transport);
        using var client = Client(proxy, transport);
        using var response = await client.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, "/") { Version = client.DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Headers = { { "Accept-Encoding", coding } } },
            HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(Decoder(coding, await response.Content.ReadAsStreamAsync()));
        var begun = new char[Page.Length];

        Assert.Equal(Page.Length, await reader.ReadBlockAsync(begun));
        gate.SetResult();
        Assert.Equal((Page, "end"), (new string(begun), await reader.ReadToEndAsync()));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_request_reaches_the_upstream_plain(string coding)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok($"{r.Text} {r.Headers["content-encoding"]} {r.Headers["content-length"]}"));
        await using var proxy = await StartAsync(upstream, "{ decompress_request: true }");

        Assert.Equal("hello  5", (await PostAsync(proxy, coding, Encode(coding, "hello"u8.ToArray()))).Text);
    }

    [Theory]
    [InlineData("{ decompress_request: true, max_request_body: 100KiB }", 200_000, 413)]
    [InlineData("{ decompress_request: true, max_request_ratio: 10 }", 200_000, 413)]
    [InlineData("{ decompress_request: true, max_request_ratio: 10 }", 60_000, 200)]
    [InlineData("{ decompress_request: true, max_request_body: 50 }", 10, 200)]
    [InlineData("{ decompress_request: true, max_request_body: 5 }", 10, 413)]
    [InlineData("{ decompress_request: false, max_request_body: 5 }", 200_000, 200)]
    public async Task A_request_may_not_become_too_long(string options, int length, int status)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, options);

        Assert.Equal(status, (await PostAsync(proxy, "gzip", Encode("gzip", new byte[length]))).Status);
    }

    [Fact]
    public async Task A_malformed_request_is_answered_400()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, "{ decompress_request: true }");

        Assert.Equal(400, (await PostAsync(proxy, "gzip", "no gzip at all"u8.ToArray())).Status);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [InlineData("{ types: [text] }", "types: 'text' is no media type")]
    [InlineData("{ gzip_level: 10 }", "must be between 1 and 9")]
    [InlineData("{ encodings: [zstd] }", "zstd")]
    public async Task Wrong_options_are_refused_with_the_reason(string options, string reason)
    {
        await using var upstream = TestUpstream.Start();

        Assert.Contains(reason, (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options))).Message, StringComparison.Ordinal);
    }

    [ProgramFact("nginx")]
    public async Task nginx_compresses_the_same()
    {
        await using var upstream = TestUpstream.Start(r => r.Target switch
        {
            "/short" => UpstreamResponse.Ok("x", ("Content-Type", "text/html")),
            "/encoded" => UpstreamResponse.Ok(Page, ("Content-Type", "text/html"), ("Content-Encoding", "br")),
            "/image" => UpstreamResponse.Ok(Page, ("Content-Type", "image/png")),
            "/tagged" => UpstreamResponse.Ok(Page, ("Content-Type", "text/html"), ("ETag", "\"x\""), ("Accept-Ranges", "bytes")),
            "/missing" => UpstreamResponse.Create(404, Page, ("Content-Type", "text/html")),
            _ => UpstreamResponse.Ok(Page, ("Content-Type", "text/html")),
        });
        using var folder = new ScratchFolder();
        var port = ExternalProgram.FreePort();
        await using var nginx = await Nginx.StartAsync(folder, [port], $$"""
            http {
              access_log off;
              gzip on; gzip_min_length 256; gzip_vary on; gzip_proxied any;
              server { listen 127.0.0.1:{{port}}; location / { proxy_pass http://127.0.0.1:{{upstream.Port}}; proxy_http_version 1.1; } }
            }
            """);
        await using var proxy = await StartAsync(upstream, "{ encodings: [gzip] }");
        foreach (var path in new[] { "/", "/short", "/encoded", "/image", "/tagged", "/missing" })
        {
            foreach (var accepted in new[] { "gzip", "gzip;q=0", "br, gzip;q=0.1" })
            {
                var request = $"GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accepted}\r\n\r\n";
                await using var client = await RawClient.ConnectAsync(port);

                Assert.Equal((path, accepted, Of(await client.RoundTripAsync(request))), (path, accepted, Of(await proxy.SendAsync(request))));
            }
        }

        static (int, string?, string?, string?, string?) Of(RawResponse r) =>
            (r.Status, r.Headers["content-encoding"], r.Headers["vary"], r.Headers["etag"], r.Headers["accept-ranges"]);
    }

    private static async Task<TestExchange> RunAsync(string? accepted, CompressionOptions options, params (string Name, string Value)[] fields)
    {
        var exchange = TestExchange.Get("/").InPiecesOf(700);
        if (accepted is not null)
        {
            exchange.WithHeader("accept-encoding", accepted);
        }

        (string, string)[] type = fields.Any(f => f.Name == "content-type") ? [] : [("content-type", "text/html")];
        exchange.WithResponse(200, Page, [.. type, .. fields]);
        await RunAsync(exchange, options);
        return exchange;
    }

    private static async Task RunAsync(TestExchange exchange, CompressionOptions options)
    {
        using var context = new TestComponentContext();
        await exchange.RunAsync(new CompressionFilter(options, context));
    }

    private static string Decode(TestExchange exchange)
    {
        using var stream = Decoder(exchange.Response.Headers["content-encoding"], new MemoryStream(exchange.ResponseBody));
        return new StreamReader(stream).ReadToEnd();
    }

    private static Stream Decoder(string? coding, Stream stream) => coding switch
    {
        "gzip" => new GZipStream(stream, CompressionMode.Decompress),
        "br" => new BrotliStream(stream, CompressionMode.Decompress),
        _ => stream,
    };

    private static byte[] Encode(string coding, byte[] data)
    {
        using var memory = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" => new GZipStream(memory, CompressionLevel.Optimal),
            "deflate" => new ZLibStream(memory, CompressionLevel.Optimal),
            _ => new BrotliStream(memory, CompressionLevel.Optimal),
        })
        {
            stream.Write(data);
        }

        return memory.ToArray();
    }

    private static async Task<RawResponse> PostAsync(TestProxy proxy, string coding, byte[] body)
    {
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: {coding}\r\nContent-Length: {body.Length}\r\n\r\n"));
        await client.SendAsync(body);
        return await client.ReadResponseAsync();
    }

    private static HttpClient Client(TestProxy proxy, TestTransport transport) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{proxy.Port}"),
        DefaultRequestVersion = transport == TestTransport.H2c ? new Version(2, 0) : new Version(1, 1),
    };

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport = TestTransport.Direct) => TestProxy.StartAsync(
        $$"""
        routes: [ { name: all, cluster: origin, filters: [ { compression: {{options}} } ] } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """,
        transport,
        typeof(CompressionFilter));
}
