using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Limits and times of HTTP/2 connections. Those of a message are proved by the scenarios of all protocols.</summary>
public sealed class LimitTests : Http2Scenario
{
    private readonly ExchangeLog _log = new();

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
    public async Task An_idle_timeout_of_off_keeps_idle_connections()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "idle_timeout: off", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        Assert.Equal(200, (await client.RoundTripAsync()).Status);

        await PassAsync(proxy, 2_500);

        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        Assert.DoesNotContain(client.Frames, f => f.Type == H2FrameType.GoAway);
    }

    [Theory]
    [InlineData("header_timeout: 1s", false)]
    [InlineData("header_timeout: off", true)]
    public async Task A_field_block_that_does_not_end_in_time_ends_the_connection(string limits, bool served)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, limits, transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        var block = Hpack.Encode(H2Client.Head());
        await client.SendAsync(new H2Frame(H2FrameType.Headers, H2Frame.EndStream, 3, block[..10]));

        if (served)
        {
            await PassAsync(proxy, 2_500);
            await client.SendAsync(new H2Frame(H2FrameType.Continuation, H2Frame.EndHeaders, 3, block[10..]));
            Assert.Equal(200, (await client.ReadResponseAsync(3)).Status);
        }
        else
        {
            await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Single(upstream.Requests);
        }
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

    private static async Task PassAsync(TestProxy proxy, long milliseconds)
    {
        var until = proxy.Engine.Services.Heartbeat.Now + milliseconds;
        await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now > until);
    }
}
