using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>The limits and times of HTTP/1 hold for each stream: it is answered, logged and counted, and the connection lives on.</summary>
public sealed class LimitTests : Http2Scenario
{
    private readonly ExchangeLog _log = new();

    public static TheoryData<string, string, string, string, int, string> TooMuch => new()
    {
        { "request_line", "request_line: 100", "/" + new string('x', 200), "", 414, "uri_too_long" },
        { "request_head", "request_line: 512, header_size: 1KiB, request_head: 1KiB", "/", "600,600", 431, "head_too_large" },
        { "header_size", "header_size: 100", "/", "200", 431, "header_too_large" },
        { "header_count", "header_count: 2", "/", "1,1,1", 431, "too_many_headers" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task A_head_over_a_limit_is_refused_alone(string key, string limits, string path, string sizes, int status, string reason)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, limits, transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var fields = sizes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select((size, i) => ($"x-{i}", new string('x', int.Parse(size))));

        var response = await client.RoundTripAsync([(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "a"), .. fields]);

        Assert.Equal(status, response.Status);
        Assert.Contains($"({reason})", response.Text);
        Assert.Equal(reason, (await _log.NextAsync()).Reason);
        await Counted.LimitAsync(proxy, key);
        Assert.Equal(200, (await client.RoundTripAsync((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a"))).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_limit_is_refused_alone(bool withLength)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body: 10", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        (string, string)[] length = withLength ? [("content-length", "11")] : [];
        var stream = await client.OpenAsync(end: false, [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"), .. length]);
        await client.SendDataAsync(stream, new byte[11], end: false);

        var response = await client.ReadResponseAsync(stream);

        Assert.Equal((413, "body_too_large"), (response.Status, (await _log.NextAsync()).Reason));
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
    }

    [Fact]
    public async Task A_body_that_stands_still_gets_408_alone()
    {
        await using var upstream = TestUpstream.Start(r => r.Method == "GET" ? UpstreamResponse.Ok() : UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, "body_timeout: 300ms", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"));
        await client.SendDataAsync(stream, new byte[3], end: false);

        Assert.Equal(408, (await client.ReadResponseAsync(stream)).Status);

        Assert.Equal("request_body_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "body_timeout");
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
    }

    [Fact]
    public async Task A_stream_whose_window_stays_shut_is_reset_after_the_write_timeout()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Create(200, new byte[4 << 20]));
        await using var proxy = await _log.StartAsync(upstream.Port, "write_timeout: 300ms", transport: TestTransport.H2c);
        await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
        await client.SendAsync([.. H2Client.Preface, .. H2Frame.Settings((1, 0)).ToBytes(), .. H2Client.HeadersFrame(1, end: true).ToBytes()]);

        Assert.NotNull((await client.ReadResponseAsync(1)).Reset);

        Assert.Equal("client_write_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "write_timeout");
    }

    [Fact]
    public async Task An_idle_connection_gets_GOAWAY()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "idle_timeout: 1s", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        Assert.Equal(200, (await client.RoundTripAsync()).Status);

        Assert.Equal(0, (await client.WaitForAsync(f => f.Type == H2FrameType.GoAway)).ErrorCode);
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task The_last_request_of_a_connection_is_followed_by_GOAWAY()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "requests_per_connection: 2", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        Assert.DoesNotContain(client.Frames, f => f.Type == H2FrameType.GoAway);
        Assert.Equal(200, (await client.RoundTripAsync()).Status);

        await client.WaitForAsync(f => f.Type == H2FrameType.GoAway);
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await Counted.LimitAsync(proxy, "requests_per_connection");
    }

    [Fact]
    public async Task A_client_is_told_its_limits()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, TestTransport.H2c, "{ http2: { max_streams: 7, frame_size: 32KiB, stream_window: 128KiB, header_table: 0 } }");
        await using var client = await proxy.ConnectH2Async();

        var settings = (await client.WaitForAsync(f => f is { Type: H2FrameType.Settings, Flags: 0 })).Payload.Chunk(6)
            .ToDictionary(s => (s[0] << 8) | s[1], s => (s[2] << 24) | (s[3] << 16) | (s[4] << 8) | s[5]);

        Assert.Equal((7, 32 * 1024, 128 * 1024, 0), (settings[3], settings[5], settings[4], settings[1]));
        Assert.Equal((32 * 1024) + (28 * 100) + 256, settings[6]);
    }
}
