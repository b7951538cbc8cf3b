using FilterProxy.TestKit;
using FilterProxy.Tests;
using Xunit;

namespace FilterProxy.Filters.Tests.Examples;

/// <summary><c>conf/examples/edge.yaml</c> as it is, with plugins as they are built and an upstream of the test's.</summary>
public sealed class EdgeExampleTests
{
    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task It_does_what_it_says(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(request => request.Target == "/broken"
            ? UpstreamResponse.CloseNow()
            : UpstreamResponse.Ok($"{request.Target} {request.Headers["x-request-id"]}", ("X-Powered-By", "Next.js"), ("Set-Cookie", "session=1; Path=/")));
        await using var proxy = await StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var page = await client.RoundTripAsync("GET /kline/x HTTP/1.1\r\nHost: example.com\r\n\r\n");
        Assert.Equal($"/kline/x {page.Headers["x-request-id"]}", page.Text);
        Assert.Equal((null, "SAMEORIGIN", "session=1; Path=/; SameSite=Lax"), (page.Headers["x-powered-by"], page.Headers["x-frame-options"], page.Headers["set-cookie"]));
        Assert.Contains("frame-ancestors 'self'", page.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Equal("DENY", (await client.RoundTripAsync("GET /admin/ HTTP/1.1\r\nHost: example.com\r\n\r\n")).Headers["x-frame-options"]);

        var preflight = await client.RoundTripAsync(
            "OPTIONS /api/oauth/x HTTP/1.1\r\nHost: example.com\r\nOrigin: https://a.example.com\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
        Assert.Equal((204, "https://a.example.com"), (preflight.Status, preflight.Headers["access-control-allow-origin"]));
        var call = await client.RoundTripAsync("GET /api/oauth/x HTTP/1.1\r\nHost: example.com\r\nOrigin: https://evil.test\r\n\r\n");
        Assert.StartsWith("/oauth/api/x ", call.Text, StringComparison.Ordinal);
        Assert.Equal((null, "session=1; Path=/; Secure; SameSite=None"), (call.Headers["access-control-allow-origin"], call.Headers["set-cookie"]));

        Assert.Equal("/oauth?next=1", (await client.RoundTripAsync("GET /login?next=1 HTTP/1.1\r\nHost: example.com\r\n\r\n")).Headers["location"]);
        Assert.EndsWith("://example.com/flow/a", (await client.RoundTripAsync("GET /blog/a HTTP/1.1\r\nHost: www.example.com\r\n\r\n")).Headers["location"], StringComparison.Ordinal);
        Assert.Equal(403, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: sqlmap/1.8\r\n\r\n")).Status);

        var broken = await client.RoundTripAsync("GET /broken HTTP/1.1\r\nHost: example.com\r\nAccept: application/json\r\n\r\n");
        Assert.StartsWith("""{"type":"https://example.com/errors/upstream_closed","title":"Bad Gateway","status":502,"reason":"upstream_closed","request_id":""", broken.Text, StringComparison.Ordinal);
    }

    private static async Task<TestProxy> StartAsync(int port, TestTransport transport)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("conf", "examples", "edge.yaml"));
        var listeners = text.IndexOf("listeners:", StringComparison.Ordinal);
        var routes = text.IndexOf("routes:\n", listeners, StringComparison.Ordinal);
        var plugins = Repository.PathOf("artifacts", "bin", "FilterProxy", new DirectoryInfo(AppContext.BaseDirectory).Name, "plugins");
        return await TestProxy.StartAsync(
            $"plugin_path: {plugins}\n"
            + System.Text.RegularExpressions.Regex.Replace(text[..listeners] + text[routes..], @"\$\{[A-Z]+_PORT:-[0-9]+\}", $"{port}"),
            transport);
    }
}
