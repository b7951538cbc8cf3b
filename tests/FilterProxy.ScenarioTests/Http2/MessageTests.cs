using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Messages between an HTTP/2 client and an HTTP/1 upstream, both ways.</summary>
public sealed class MessageTests : Http2Scenario
{
    private static readonly (string, string)[] Post = [(":method", "POST"), (":scheme", "http"), (":path", "/p?q=1"), (":authority", "a.example")];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_request_reaches_the_upstream_as_HTTP1(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text, ("X-Up", "1")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, [.. Post, ("content-length", "5"), ("te", "trailers"), ("x-latin", "\u00e9\u00ff")]);
        await client.SendDataAsync(stream, "hello"u8.ToArray(), end: true);

        var response = await client.ReadResponseAsync(stream);

        Assert.Equal((200, "hello", "1"), (response.Status, response.Text, response.Headers["x-up"]));
        Assert.All(response.Headers, field => Assert.Equal(field.Key.ToLowerInvariant(), field.Key));
        var request = upstream.Requests[0];
        Assert.Equal(("POST", "/p?q=1", "HTTP/1.1"), (request.Method, request.Target, request.Version));
        Assert.Equal(("a.example", "5", "trailers", "\u00e9\u00ff"), (
            request.Headers["Host"], request.Headers["Content-Length"], request.Headers["TE"], request.Headers["x-latin"]));
    }

    [Fact]
    public async Task Cookie_crumbs_are_one_cookie()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        await client.RoundTripAsync(("cookie", "a=1"), ("cookie", "b=2"), ("x-list", "1"), ("cookie", "c=3"), ("x-list", "2"));

        Assert.Equal("a=1; b=2; c=3", upstream.Requests[0].Headers["Cookie"]);
        Assert.Equal(["1", "2"], upstream.Requests[0].Headers.Values("x-list"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_body_without_a_length_is_chunked_and_its_trailers_come_along(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text + r.Trailers["x-sum"]));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Post);
        await client.SendDataAsync(stream, "one"u8.ToArray(), end: false);
        await client.SendDataAsync(stream, default, end: false);
        await client.SendDataAsync(stream, "two"u8.ToArray(), end: false);
        await client.SendAsync(new H2Frame(H2FrameType.Headers, 5, stream, Hpack.Encode(("x-sum", "7"), ("authorization", "no"))));

        Assert.Equal("onetwo7", (await client.ReadResponseAsync(stream)).Text);

        Assert.Equal("chunked", upstream.Requests[0].Headers["Transfer-Encoding"]);
        Assert.False(upstream.Requests[0].Trailers.Contains("authorization"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Trailers_of_the_upstream_reach_the_client(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked(("X-A", "1")).ThenChunk("a").ThenChunk("b").ThenLastChunk(("X-Sum", "2"), ("grpc-status", "0")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.RoundTripAsync();

        Assert.Equal(("ab", "1", "2", "0"), (response.Text, response.Headers["x-a"], response.Trailers["x-sum"], response.Trailers["grpc-status"]));
        Assert.False(response.Headers.Contains("transfer-encoding"));
    }

    [Fact]
    public async Task Fields_of_one_connection_end_at_the_proxy()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(
            "ok", ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "close"), ("Upgrade", "h2c"),
            ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Latin", "\u00fc")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.RoundTripAsync();

        Assert.Equal(["content-length", "date", "set-cookie", "set-cookie", "x-latin"], response.Headers.Select(f => f.Key).Order());
        Assert.Equal(["a=1", "b=2"], response.Headers.Values("set-cookie"));
        Assert.Equal("\u00fc", response.Headers["x-latin"]);
    }

    [Theory]
    [InlineData("HEAD", 200, "7")]
    [InlineData("GET", 204, null)]
    [InlineData("GET", 304, null)]
    [InlineData("GET", 205, "0")]
    public async Task A_response_without_content_ends_with_its_head(string method, int status, string? length)
    {
        await using var upstream = TestUpstream.Start(_ => status == 205
            ? UpstreamResponse.Raw("HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n")
            : UpstreamResponse.Create(status, status == 200 ? "7 bytes" : ""));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.RoundTripAsync((":method", method), (":scheme", "http"), (":path", "/"), (":authority", "a"));

        Assert.Equal((status, length, 0), (response.Status, response.Headers["content-length"], response.Body.Length));
        Assert.Null(response.Reset);
    }

    [Fact]
    public async Task A_client_that_waits_is_told_to_go_on_when_the_upstream_says_so()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            await gate.Task;
            await r.ReadBodyAsync();
            return UpstreamResponse.Ok(r.Text);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, [.. Post, ("expect", "100-continue"), ("content-length", "5")]);
        await upstream.WaitForRequestsAsync(1);
        Assert.DoesNotContain(client.Frames, f => f.Stream == stream);
        gate.SetResult();
        await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Headers);
        await client.SendDataAsync(stream, "hello"u8.ToArray(), end: true);

        var response = await client.ReadResponseAsync(stream);

        Assert.Equal([100], response.Interim);
        Assert.Equal("hello", response.Text);
        Assert.Equal("100-continue", upstream.Requests[0].Headers["Expect"]);
    }

    [Fact]
    public async Task A_client_that_waits_for_an_upstream_that_knows_no_100_is_told_after_a_moment()
    {
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            await r.DrainAsync();
            return UpstreamResponse.Ok(r.Text);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, [.. Post, ("expect", "100-continue"), ("content-length", "5")]);
        await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.Headers);
        await client.SendDataAsync(stream, "hello"u8.ToArray(), end: true);

        Assert.Equal("hello", (await client.ReadResponseAsync(stream)).Text);
    }

    [Fact]
    public async Task A_client_that_waits_and_is_refused_gets_the_refusal_alone()
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Create(403, "no")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var stream = await client.OpenAsync(end: false, [.. Post, ("expect", "100-continue"), ("content-length", "5")]);
        var response = await client.ReadResponseAsync(stream);

        Assert.Equal((403, "no"), (response.Status, response.Text));
        Assert.Empty(response.Interim);
    }

    [Fact]
    public async Task Early_hints_end_at_the_proxy()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").Then(UpstreamResponse.Ok()));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var response = await client.RoundTripAsync();

        Assert.Equal((200, "ok"), (response.Status, response.Text));
        Assert.False(response.Headers.Contains("link"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Streams_do_not_wait_for_each_other(TestTransport transport)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(r => r.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("slow")) : UpstreamResponse.Ok("fast"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var slow = await client.OpenAsync(end: true, (":method", "GET"), (":scheme", "http"), (":path", "/slow"), (":authority", "a"));
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("fast", (await client.RoundTripAsync()).Text);
        }

        gate.SetResult();

        Assert.Equal("slow", (await client.ReadResponseAsync(slow)).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Large_bodies_pass_both_ways(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Create(200, r.Body));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var body = new byte[3 << 20];
        new Random(7).NextBytes(body);
        var stream = await client.OpenAsync(end: false, Post);
        await client.SendDataAsync(stream, body, end: true);

        Assert.Equal(body, (await client.ReadResponseAsync(stream)).Body);
    }

    [Fact]
    public async Task A_response_that_breaks_off_is_a_reset_stream()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").ThenClose());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(2, (await client.RoundTripAsync()).Reset);
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_stream_the_client_resets_is_reset_upstream_and_the_others_live_on()
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/hang" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true, (":method", "GET"), (":scheme", "http"), (":path", "/hang"), (":authority", "a"));
        await upstream.WaitForRequestsAsync(1);

        await client.SendAsync(H2Frame.Number(H2FrameType.RstStream, stream, 8));

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
    }
}
