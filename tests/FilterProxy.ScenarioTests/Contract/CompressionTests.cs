using System.IO.Compression;
using System.Text;
using FilterProxy.ContractSketches;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class CompressionTests
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 5000).Select(i => $"line {i}\n"));

    [Theory]
    [EachProtocol("gzip")]
    [EachProtocol("br")]
    public async Task A_text_response_is_compressed(string encoding, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(Text, ("Content-Type", "text/plain"), ("ETag", "\"1\"")));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {encoding}\r\n\r\n");

        Assert.Equal(encoding, response.Headers["content-encoding"]);
        Assert.Equal(Text, Decode(response.Body, encoding));
        Assert.True(response.Body.Length < Text.Length / 2);
        Assert.False(response.Headers.Contains("content-length"));
        Assert.Equal("W/\"1\"", response.Headers["etag"]);
    }

    [Theory]
    [EachProtocol("text/plain", "")]
    [EachProtocol("image/png", "gzip")]
    public async Task What_is_not_to_be_compressed_keeps_its_length(string contentType, string accepted, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(Text, ("Content-Type", contentType)));
        await using var proxy = await StartAsync(upstream, transport);

        var response = await proxy.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accepted}\r\n\r\n");

        Assert.Equal(Text, response.Text);
        Assert.Equal(Text.Length.ToString(), response.Headers["content-length"]);
    }

    [Theory]
    [EachProtocol]
    public async Task A_streamed_response_stays_one(TestTransport transport)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ =>
            UpstreamResponse.BeginChunked(("Content-Type", "text/event-stream")).ThenChunk("first").ThenWait(gate.Task).ThenChunk("second").ThenLastChunk());
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");

        while (await client.ReadLineAsync() != "")
        {
        }

        // A chunk arrives while the upstream is still silent about the rest.
        Assert.True(Convert.ToInt32(await client.ReadLineAsync(), 16) > 0);
        gate.SetResult();
    }

    private static string Decode(byte[] body, string encoding)
    {
        using var source = new MemoryStream(body);
        using Stream stream = encoding == "br" ? new BrotliStream(source, CompressionMode.Decompress) : new GZipStream(source, CompressionMode.Decompress);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport) =>
        TestProxy.StartAsync(upstream.Port, transport, http: "{ route_filters: [sketch_compression] }", components: typeof(Compression));
}
