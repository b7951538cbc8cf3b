using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>Which protocol is spoken, and that over TLS requests say https.</summary>
public sealed class NegotiationTests : IDisposable
{
    private readonly TestCertificate _certificate = new("localhost");

    [Theory]
    [EachProtocol("GET")]
    [EachProtocol("POST")]
    [EachProtocol("PUT")]
    [EachProtocol("PROPFIND")]
    public async Task H2_is_http2_over_tls_with_the_right_scheme(string method, TestTransport transport)
    {
        await using var upstream = await StartAsync(HttpProtocols.Http1AndHttp2);
        await using var proxy = await StartProxyAsync(upstream, "h2", transport);

        for (var i = 0; i < 2; i++)
        {
            var response = await proxy.SendAsync($"{method} /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal($"HTTP/2 https {method}", response.Text);
        }
    }

    [Theory]
    [EachProtocol]
    public async Task H2_without_http2_at_the_other_end_is_a_502(TestTransport transport)
    {
        await using var upstream = await StartAsync(HttpProtocols.Http1);
        await using var proxy = await StartProxyAsync(upstream, "h2", transport);

        Assert.Equal(502, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [EachProtocol(HttpProtocols.Http1, "HTTP/1.1 https GET")]
    [EachProtocol(HttpProtocols.Http2, "HTTP/2 https GET")]
    [EachProtocol(HttpProtocols.Http1AndHttp2, "HTTP/2 https GET")]
    public async Task Auto_speaks_what_the_upstream_chooses(HttpProtocols protocols, string expected, TestTransport transport)
    {
        await using var upstream = await StartAsync(protocols);
        await using var proxy = await StartProxyAsync(upstream, "auto", transport);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));

        Assert.All(all, response => Assert.Equal(expected, response.Text));
    }

    [Theory]
    [EachProtocol]
    public async Task Auto_uses_the_connection_that_told(TestTransport transport)
    {
        await using var upstream = await StartAsync(HttpProtocols.Http1AndHttp2);
        await using var proxy = await StartProxyAsync(upstream, "auto", transport);

        for (var i = 0; i < 3; i++)
        {
            await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        }

        Assert.Equal(1, upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task Auto_in_the_clear_is_http1(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "protocol: auto");

        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [EachProtocol]
    public async Task Auto_that_cannot_connect_is_a_502(TestTransport transport)
    {
        using var dead = new DeadPort();
        await using var proxy = await TestProxy.StartAsync(dead.Port, transport, cluster: "protocol: auto, tls: { insecure: true }");

        Assert.Equal(502, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Theory]
    [EachProtocol]
    public async Task Http1_stays_the_default(TestTransport transport)
    {
        await using var upstream = await StartAsync(HttpProtocols.Http1AndHttp2);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: "tls: { insecure: true }");

        Assert.Equal("HTTP/1.1 https GET", (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    public void Dispose() => _certificate.Dispose();

    private Task<Http2Upstream> StartAsync(HttpProtocols protocols) =>
        Http2Upstream.StartAsync(x => x.Response.WriteAsync($"{x.Request.Protocol} {x.Request.Scheme} {x.Request.Method}"), _certificate, protocols);

    private static Task<TestProxy> StartProxyAsync(Http2Upstream upstream, string protocol, TestTransport transport) =>
        TestProxy.StartAsync(upstream.Port, transport, cluster: $"protocol: {protocol}, tls: {{ insecure: true }}");
}
