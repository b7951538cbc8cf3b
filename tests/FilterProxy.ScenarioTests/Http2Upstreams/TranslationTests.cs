using FilterProxy.TestKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>From an HTTP/2 client to an HTTP/2 upstream: two messages, not one that is passed on.</summary>
public sealed class TranslationTests
{
    private const string H2c = "protocol: h2c";
    private static readonly (string, string)[] Get = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")];
    private static readonly (string, string)[] Post = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a.example")];

    [Fact]
    public async Task Cookie_crumbs_are_one_cookie_and_lists_stay_lists()
    {
        var response = await AskAsync(
            x => x.Response.WriteAsync($"{x.Request.Headers.Cookie} {x.Request.Headers["x-list"].Count}"),
            [.. Get, ("cookie", "a=1"), ("x-list", "1"), ("cookie", "b=2"), ("x-list", "2"), ("cookie", "c=3")]);

        Assert.Equal("a=1; b=2; c=3 1", response.Text.Replace("1, 2", "1"));
    }

    [Fact]
    public async Task The_authority_is_the_only_host()
    {
        var response = await AskAsync(
            x => x.Response.WriteAsync($"{x.Request.Headers.Host} {x.Request.Headers.Host.Count} {x.Request.Headers[":authority"]}"), [.. Get, ("host", "evil.example")]);

        Assert.StartsWith("a.example 1", response.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("evil", response.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_body_has_none()
    {
        var response = await AskAsync(x => x.Response.WriteAsync($"{x.Features.Get<IHttpRequestBodyDetectionFeature>()!.CanHaveBody}"), Get);

        Assert.Equal("False", response.Text);
    }

    [Fact]
    public async Task Pieces_that_are_empty_are_no_end()
    {
        await using var upstream = await Http2Upstream.StartAsync(async x => await x.Request.Body.CopyToAsync(x.Response.Body));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Post);
        foreach (var piece in new[] { "", "a", "", "", "b", "" })
        {
            await client.SendDataAsync(stream, System.Text.Encoding.ASCII.GetBytes(piece), end: false);
        }

        await client.SendDataAsync(stream, default, end: true);

        Assert.Equal("ab", (await client.ReadResponseAsync(stream)).Text);
    }

    [Theory]
    [InlineData("5", "hello!")]
    [InlineData("5", "hell")]
    public async Task A_body_that_is_not_as_long_as_it_was_said_is_never_complete(string length, string body)
    {
        var complete = 0;
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            await x.Request.Body.CopyToAsync(Stream.Null);
            Interlocked.Increment(ref complete);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, [.. Post, ("content-length", length)]);
        await client.SendDataAsync(stream, System.Text.Encoding.ASCII.GetBytes(body), end: true);

        Assert.Equal(1, (await client.ReadResponseAsync(stream)).Reset);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal(1, complete);
    }

    [Fact]
    public async Task Trailers_of_the_upstream_pass_and_those_of_the_client_are_dropped()
    {
        await using var upstream = await Http2Upstream.StartAsync(async x =>
        {
            await x.Request.Body.CopyToAsync(x.Response.Body);
            x.Response.AppendTrailer("x-sum", "7");
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, [.. Post, ("te", "trailers")]);
        await client.SendDataAsync(stream, "body"u8.ToArray(), end: false);
        await client.SendAsync(new H2Frame(H2FrameType.Headers, H2Frame.EndStream | H2Frame.EndHeaders, stream, Hpack.Encode(("x-up", "1"))));

        var response = await client.ReadResponseAsync(stream);

        Assert.Equal(("body", "7"), (response.Text, response.Trailers["x-sum"]));
    }

    [Theory]
    [InlineData("x-split", "a\r\nx-injected: 1")]
    [InlineData("x-split\r\nx-injected", "1")]
    [InlineData("x split", "1")]
    [InlineData("X-Upper", "1")]
    [InlineData("connection", "close")]
    [InlineData("transfer-encoding", "chunked")]
    public async Task What_an_upstream_may_not_send_does_not_reach_the_client(string name, string value)
    {
        await using var upstream = RawHttp2Upstream.Start(s => s.Headers(end: false, (":status", "200"), (name, value)).Data("ok", end: true));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.RoundTripAsync(Get);

        Assert.True(response.Status is 200 or 502, $"{response.Status}");
        Assert.All(response.Headers, field => Assert.Contains(field.Key, new[] { "date", "content-length", "content-type", "x-upper", "x-split", "x-filterproxy-reason", "x-request-id" }));
        Assert.All(response.Headers, field => Assert.DoesNotContain('\n', field.Value));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(2)]
    public async Task A_stream_that_is_reset_after_its_head_is_reset_for_the_client_and_the_connections_live_on(int code)
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            s.Headers(end: false, (":status", "200")).Data("half", end: s.Number == 2);
            if (s.Number == 1)
            {
                s.Reset(code);
            }
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(2, (await client.RoundTripAsync(Get)).Reset);
        Assert.Equal("half", (await client.RoundTripAsync(Get)).Text);
        Assert.Equal(1, upstream.Connections);
    }

    [Fact]
    public async Task A_stream_the_client_resets_is_reset_upstream_and_the_others_live_on()
    {
        await using var upstream = RawHttp2Upstream.Start(s =>
        {
            if (s.Number > 1)
            {
                s.Headers(end: true, (":status", "204"));
            }
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true, Get);
        await Poll.UntilAsync(() => upstream.Requests == 1);

        await client.SendAsync(H2Frame.Number(H2FrameType.RstStream, stream, 8));

        await Poll.UntilAsync(() => upstream.Resets.Contains((1, 8)));
        Assert.Equal(204, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal(1, upstream.Connections);
    }

    private static async Task<H2Response> AskAsync(RequestDelegate handler, (string, string)[] head)
    {
        await using var upstream = await Http2Upstream.StartAsync(handler);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, cluster: H2c);
        await using var client = await proxy.ConnectH2Async();
        return await client.RoundTripAsync(head);
    }
}
