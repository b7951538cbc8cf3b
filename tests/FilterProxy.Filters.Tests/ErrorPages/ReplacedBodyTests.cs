using FilterProxy.Filters.BodyRewrite;
using FilterProxy.Filters.Buffer;
using FilterProxy.Filters.Compression;
using FilterProxy.Filters.ErrorPages;
using FilterProxy.Filters.Tests.BodyRewrite;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ErrorPages;

/// <summary>A page that takes the place of a body other filters had plans for.</summary>
public sealed class ReplacedBodyTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nAccept-Encoding: gzip, br\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task It_is_sent_as_it_is_where_the_body_was_to_be_compressed(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(500, new string('x', 5000), ("Content-Type", "text/html")));
        await using var proxy = await StartAsync(upstream, transport, "compression");
        var response = await proxy.SendAsync(Request);
        Assert.Equal((500, "sorry", null), (response.Status, response.Text, response.Headers["content-encoding"]));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task It_is_not_decoded_where_the_body_was(string coding)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(500, Codings.Encode(coding, "one"), ("Content-Type", "text/html"), ("Content-Encoding", coding)));
        await using var proxy = await StartAsync(upstream, TestTransport.Direct, "body_rewrite: { response: [ { find: one, replace: '1' } ] }");
        var response = await proxy.SendAsync(Request);
        Assert.Equal((500, "sorry", null), (response.Status, response.Text, response.Headers["content-encoding"]));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_body_that_was_only_buffered_is_decoded(string coding)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(200, Codings.Encode(coding, "one"), ("Content-Type", "text/html"), ("Content-Encoding", coding)));
        await using var proxy = await StartAsync(upstream, TestTransport.Direct, "buffer: { response: true } }, { body_rewrite: { response: [ { find: one, replace: '1' } ] }");
        var response = await proxy.SendAsync(Request);
        Assert.Equal((200, "1", null), (response.Status, response.Text, response.Headers["content-encoding"]));
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport, string filters) => TestProxy.StartAsync(
        upstream.Port,
        transport,
        $"{{ filters: [ {{ error_pages: {{ upstream: true, html: sorry }} }} ], route_filters: [ {{ {filters} }} ] }}",
        components: [typeof(ErrorPagesFilter), typeof(CompressionFilter), typeof(BodyRewriteFilter), typeof(BufferFilter)]);
}
