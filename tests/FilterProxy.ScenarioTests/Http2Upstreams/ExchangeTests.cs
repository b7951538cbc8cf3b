using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>What passes between a client of either protocol and an HTTP/2 upstream, and how it is translated.</summary>
public sealed class ExchangeTests
{
    private const string H2c = "protocol: h2c";

    [Theory]
    [EachProtocol]
    public async Task A_request_and_its_response_pass_over_http2(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            x.Response.Headers["x-protocol"] = x.Request.Protocol;
            await x.Response.WriteAsync($"{x.Request.Method} {x.Request.Path}{x.Request.QueryString} {x.Request.Host} {x.Request.Scheme}");
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("GET /a/b?c=d HTTP/1.1\r\nHost: www.example.com:81\r\n\r\n");

        Assert.Equal(200, response.Status);
        Assert.Equal("HTTP/2", response.Headers["x-protocol"]);
        Assert.Equal("GET /a/b?c=d www.example.com:81 http", response.Text);
    }

    [Theory]
    [EachProtocol("/%41%2f/x?y=%20%zz")]
    [EachProtocol("/a|b/{c}/\"d\"?e=[f]")]
    [EachProtocol("/?")]
    [EachProtocol("//double//slash?a=//")]
    public async Task The_target_passes_as_it_is(string target, TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x =>
            x.Response.WriteAsync(x.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c, http: "{ path: { normalization: raw } }");

        Assert.Equal(target, (await proxy.SendAsync($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    // From an HTTP/1 client alone: an HTTP/2 client has none (Http2/DowngradeTests).
    [Fact]
    public async Task Fields_of_the_connection_stay_behind_and_all_others_pass()
    {
        await using var upstream = await Http2Upstream.StartAsync(x => x.Response.WriteAsync(
            string.Join('\n', x.Request.Headers.Where(h => h.Key[0] != ':').Select(h => $"{h.Key.ToLowerInvariant()}={h.Value}"))));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, cluster: H2c, http: "{ forwarding: { via: off, request_id: false, x_forwarded: false } }");

        var response = await proxy.SendAsync(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers, gzip\r\n"
            + "X-End: 1\r\nX-List: a\r\nX-List: b\r\nCookie: a=1\r\nCookie: b=2\r\nContent-Type: text/x\r\n\r\n");

        Assert.Equal(
            ["content-type=text/x", "cookie=a=1; b=2", "host=a", "te=trailers", "x-end=1", "x-list=a, b"],
            response.Text.Split('\n').Order(StringComparer.Ordinal));
    }

    [Theory]
    [EachProtocol]
    public async Task Bytes_above_ascii_pass_both_ways(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x =>
        {
            x.Response.Headers["x-back"] = x.Request.Headers["x-there"];
            return Task.CompletedTask;
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-There: caf\u00e9\u00ff\r\n\r\n");

        Assert.Equal("caf\u00e9\u00ff", response.Headers["x-back"]);
    }

    [Theory]
    [EachProtocol("Content-Length: 5\r\n\r\nhello", "hello 5")]
    [EachProtocol("Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello ")]
    [EachProtocol("Content-Length: 0\r\n\r\n", " 0")]
    public async Task A_body_passes_with_its_length(string rest, string expected, TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
            await x.Response.WriteAsync($"{await new StreamReader(x.Request.Body).ReadToEndAsync()} {x.Request.ContentLength}"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        Assert.Equal(expected, (await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{rest}")).Text);
    }

    [Theory]
    [EachProtocol(1_000_000)]
    [EachProtocol(20_000_000)]
    public async Task Large_bodies_pass_both_ways(int size, TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            var body = new MemoryStream();
            await x.Request.Body.CopyToAsync(body);
            await x.Response.Body.WriteAsync(body.ToArray());
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        var body = new string('x', size - 1) + "y";

        var response = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n{body}");

        Assert.Equal(body.Length, response.Text.Length);
        Assert.EndsWith("xy", response.Text, StringComparison.Ordinal);
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_begins_before_its_request_ends(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            await x.Response.Body.FlushAsync();
            await x.Request.Body.CopyToAsync(x.Response.Body);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadLineAsync(), StringComparison.Ordinal);
        while (await client.ReadLineAsync() is { Length: > 0 })
        {
        }

        await client.SendAsync("4\r\nping\r\n");
        Assert.Equal("4", await client.ReadLineAsync());
        Assert.Equal("ping", await client.ReadLineAsync());
        await client.SendAsync("0\r\n\r\n");
        Assert.Equal("0", await client.ReadLineAsync());
    }

    [Theory]
    [EachProtocol("HEAD", 200)]
    [EachProtocol("GET", 204)]
    [EachProtocol("GET", 304)]
    public async Task A_response_without_content_stays_without(string method, int status, TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x =>
        {
            x.Response.StatusCode = status;
            x.Response.Headers.ETag = "\"e\"";
            return Task.CompletedTask;
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        await using var client = await proxy.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            var response = await client.RoundTripAsync($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal((status, ""), (response.Status, response.Text));
            Assert.Equal("\"e\"", response.Headers["etag"]);
        }
    }

    [Theory]
    [EachProtocol]
    public async Task A_response_that_ends_with_its_head_has_length_zero(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: true, (":status", "200"), ("x-only", "head")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("0", response.Headers["content-length"]);
        Assert.Equal("head", response.Headers["x-only"]);
    }

    [Theory]
    [EachProtocol]
    public async Task Empty_data_frames_are_no_end(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200"))
            .Data("", end: false).Data("a", end: false).Data("", end: false).Data("b", end: false).Data("", end: true));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        Assert.Equal("ab", (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
    }

    [Theory]
    [EachProtocol]
    public async Task Trailers_of_a_response_pass_and_those_of_its_connection_do_not(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200"))
            .Data("x", end: false).Headers(end: true, ("grpc-status", "0"), ("x-after", "caf\u00e9"), ("connection", "x"), ("set-cookie", "a=b")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");

        Assert.Equal("x", response.Text);
        Assert.Equal("0", response.Trailers["grpc-status"]);
        Assert.Equal("caf\u00e9", response.Trailers["x-after"]);
        Assert.Equal(2, response.Trailers.Count);
    }

    [Theory]
    [EachProtocol]
    public async Task Trailers_of_a_request_cannot_pass_and_are_dropped(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            await x.Request.Body.CopyToAsync(Stream.Null);
            await x.Response.WriteAsync($"{x.Request.SupportsTrailers()}");
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n");

        Assert.Equal(200, response.Status);
    }

    [Theory]
    [EachProtocol]
    public async Task Early_hints_of_the_upstream_are_dropped(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "103"), ("link", "</a>"))
            .Headers(end: true, (":status", "200")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [EachProtocol]
    public async Task A_client_that_expects_100_gets_it_when_the_upstream_wants_the_body(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(async x => await x.Request.Body.CopyToAsync(x.Response.Body));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal("", await client.ReadLineAsync());
        await client.SendAsync("body");

        Assert.Equal("body", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [EachProtocol("connection", "close")]
    [EachProtocol("transfer-encoding", "chunked")]
    [EachProtocol("keep-alive", "5")]
    [EachProtocol("upgrade", "x")]
    public async Task Fields_of_a_connection_in_a_response_stay_behind(string name, string value, TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200"), (name, value)).Data("ok", end: true));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        await using var client = await proxy.ConnectAsync();

        for (var i = 0; i < 2; i++)
        {
            Assert.Equal("ok", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Text);
        }
    }

    [Theory]
    [EachProtocol]
    public async Task Several_cookies_of_a_response_stay_several(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: true, (":status", "200"), ("set-cookie", "a=1"), ("set-cookie", "b=2")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(["a=1", "b=2"], response.Headers.Values("set-cookie"));
    }

    [Theory]
    [EachProtocol]
    public async Task Many_requests_share_one_connection(TestTransport transport)
    {
        await using var upstream = await Http2Upstream.StartAsync(x => x.Response.WriteAsync("ok"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, cluster: H2c);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("ok", (await proxy.SendAsync($"GET /{i} HTTP/1.1\r\nHost: h{i}\r\n\r\n")).Text);
        }

        Assert.Equal(1, upstream.Connections);
    }
}
