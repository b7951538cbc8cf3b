using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>What HTTP/2 can carry and HTTP/1 would read as something else never reaches an HTTP/1 upstream.</summary>
public sealed class DowngradeTests : Http2Scenario
{
    private static readonly (string, string)[] Pseudo =
        [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "example.com")];

    public static TheoryData<string, string> BadFields => new()
    {
        { "x-a", "1\r\nx-injected: 1" },
        { "x-a", "1\nx-injected: 1" },
        { "x-a", "1\rx-injected: 1" },
        { "x-a", "1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n" },
        { "x-a", "1\0" },
        { "x-a\r\nx-injected", "1" },
        { "x-a: 1\r\nx-injected", "1" },
        { "x-a:", "1" },
        { "x-a:b", "1" },
        { "x a", "1" },
        { " x-a", "1" },
        { "x-a ", "1" },
        { "x-a\0", "1" },
        { "x-\u00e9", "1" },
        { "", "1" },
        { "X-Upper", "1" },
        { "transfer-encoding", "chunked" },
        { "transfer-encoding", "identity" },
        { "connection", "close" },
        { "connection", "x-a" },
        { "keep-alive", "timeout=5" },
        { "proxy-connection", "keep-alive" },
        { "upgrade", "websocket" },
        { "te", "gzip" },
        { "te", "trailers, chunked" },
        { "content-length", "5" },
        { "content-length", "-1" },
        { "content-length", "0, 0" },
        { "content-length", "0x0" },
        { "content-length", "99999999999999999999" },
        { "content-length", " " },
        { "host", "evil.example" + "\r\nx-injected: 1" },
        { ":method", "GET" },
        { ":unknown", "1" },
        { ":status", "200" },
    };

    public static TheoryData<string, string, string, string> BadPseudo => new()
    {
        { "GET /smuggled HTTP/1.1\r\nx:", "http", "/", "example.com" },
        { "G T", "http", "/", "example.com" },
        { "GE\0T", "http", "/", "example.com" },
        { "", "http", "/", "example.com" },
        { "GET", "http", "", "example.com" },
        { "GET", "http", "*", "example.com" },
        { "GET", "http", "path", "example.com" },
        { "GET", "http", "http://other.example/", "example.com" },
        { "GET", "http", "/a b", "example.com" },
        { "GET", "http", "/a HTTP/1.1\r\nHost: b\r\n\r\n", "example.com" },
        { "GET", "http", "/a\r\nx-injected: 1", "example.com" },
        { "GET", "http", "/a\0", "example.com" },
        { "GET", "http", "/\u00e9", "example.com" },
        { "GET", "http", "/%00", "example.com" },
        { "GET", "http", "/", "example.com\r\nx-injected: 1" },
        { "GET", "http", "/", "user@example.com" },
        { "GET", "http", "/", "exam ple.com" },
        { "GET", "http", "/", "example.com:99999" },
        { "GET", "http", "/", "a,b" },
        { "GET", "http\r\nx", "/", "example.com" },
        { "CONNECT", "http", "/", "example.com" },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public async Task A_field_that_HTTP1_would_read_otherwise_is_refused(string name, string value)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(client, await client.OpenAsync(end: true, [.. Pseudo, (name, value)]));

        Assert.True(IsRefusal(answer), answer);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [MemberData(nameof(BadPseudo))]
    public async Task A_request_line_that_HTTP1_would_read_otherwise_is_refused(string method, string scheme, string path, string authority)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(
            client, await client.OpenAsync(end: true, (":method", method), (":scheme", scheme), (":path", path), (":authority", authority)));

        Assert.True(IsRefusal(answer), answer);
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [InlineData(":method")]
    [InlineData(":scheme")]
    [InlineData(":path")]
    [InlineData(":authority")]
    public async Task A_request_without_a_pseudo_field_is_refused(string missing)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(client, await client.OpenAsync(end: true, [.. Pseudo.Where(f => f.Item1 != missing)]));

        Assert.True(IsRefusal(answer), answer);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_pseudo_field_behind_a_field_is_refused()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(client, await client.OpenAsync(end: true, [.. Pseudo[..3], ("x-a", "1"), Pseudo[3]]));

        Assert.True(IsRefusal(answer), answer);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task Two_lengths_are_refused_even_if_they_agree()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        var answer = await RefusalAsync(client, await client.OpenAsync(end: true, [.. Pseudo, ("content-length", "0"), ("content-length", "0")]));

        Assert.True(IsRefusal(answer), answer);
        Assert.Empty(upstream.Requests);
    }

    [Fact]
    public async Task A_length_that_is_read_leniently_goes_on_in_its_plain_form()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(
            end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("content-length", "+5"));
        await client.SendDataAsync(stream, "hello"u8.ToArray(), end: true);

        Assert.Equal(200, (await client.ReadResponseAsync(stream)).Status);

        Assert.Equal(("5", "hello"), (upstream.Requests[0].Headers["Content-Length"], upstream.Requests[0].Text));
    }

    [Fact]
    public async Task The_authority_wins_over_a_host_that_differs_and_is_the_only_one()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(200, (await client.RoundTripAsync([.. Pseudo, ("host", "evil.example")])).Status);

        Assert.Equal(["example.com"], upstream.Requests[0].Headers.Values("Host"));
        Assert.DoesNotContain("evil", upstream.Requests[0].RawHead, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_stands_in_for_an_authority_that_is_missing()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(200, (await client.RoundTripAsync([.. Pseudo[..3], ("host", "b.example")])).Status);

        Assert.Equal("b.example", upstream.Requests[0].Headers["Host"]);
    }

    [Theory]
    [InlineData("5", "hello!", "more")]
    [InlineData("5", "hell", "less")]
    public async Task A_body_that_is_not_as_long_as_it_was_said_is_a_stream_error(string length, string body, string what)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("content-length", length));
        await client.SendDataAsync(stream, Encoding.ASCII.GetBytes(body), end: true);

        Assert.Equal("reset 1", await RefusalAsync(client, stream));
        Assert.True(upstream.Requests.All(r => !r.IsComplete), what);
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
    }

    [Theory]
    [InlineData("content-length", "5")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("host", "b")]
    [InlineData("x-a", "1\r\nx-injected: 1")]
    [InlineData("x a", "1")]
    [InlineData(":path", "/b")]
    public async Task A_trailer_that_would_frame_or_route_is_refused(string name, string value)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"));
        await client.SendDataAsync(stream, "hello"u8.ToArray(), end: false);
        await client.SendAsync(new H2Frame(H2FrameType.Headers, 5, stream, Hpack.Encode((name, value))));

        var answer = await RefusalAsync(client, stream);

        Assert.True(IsRefusal(answer), answer);
        Assert.True(upstream.Requests.All(r => !r.IsComplete));
    }
}
