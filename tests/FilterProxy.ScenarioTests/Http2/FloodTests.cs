using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Clients that spend the proxy's time or memory: the connection ends, and the others do not notice.</summary>
public sealed class FloodTests : Http2Scenario
{
    private static readonly (string, string)[] Hang = [(":method", "GET"), (":scheme", "http"), (":path", "/hang"), (":authority", "a")];

    [Fact]
    public Task Streams_that_are_reset_at_once_end_the_connection() => AssertEndedAsync("", async client =>
    {
        // CVE-2023-44487.
        for (var stream = 1; ; stream += 2)
        {
            await client.SendAsync(H2Client.HeadersFrame(stream, end: true, Hang), H2Frame.Number(H2FrameType.RstStream, stream, 8));
        }
    });

    [Fact]
    public Task A_field_block_without_end_ends_the_connection() => AssertEndedAsync("protocol_error", async client =>
    {
        // CVE-2024-27983 and its kin.
        await client.SendAsync(new H2Frame(H2FrameType.Headers, H2Frame.EndStream, 1, Hpack.Encode(Hang)));
        var piece = Hpack.Encode(("x-a", new string('x', 8000)));
        for (var i = 0; i < 1_000_000; i++)
        {
            await client.SendAsync(new H2Frame(H2FrameType.Continuation, 0, 1, piece));
        }
    });

    [Fact]
    public Task Empty_pieces_of_a_field_block_without_end_end_the_connection() => AssertEndedAsync("protocol_error", async client =>
    {
        await client.SendAsync(new H2Frame(H2FrameType.Headers, H2Frame.EndStream, 1, Hpack.Encode(Hang)));
        for (var i = 0; i < 1_000_000; i++)
        {
            await client.SendAsync(new H2Frame(H2FrameType.Continuation, 0, 1, Hpack.Encode((new string('n', 100), "v"))));
        }
    });

    [Theory]
    [InlineData(H2FrameType.Ping)]
    [InlineData(H2FrameType.Settings)]
    public Task Questions_whose_answers_are_not_read_end_the_connection(H2FrameType type) => AssertEndedAsync(
        "",
        client => RepeatAsync(client, new H2Frame(type, 0, 0, type == H2FrameType.Ping ? new byte[8] : []).ToBytes()),
        reads: false,
        controlFrames: 0);

    public static TheoryData<string, byte[]> Idle => new()
    {
        { "PING", new H2Frame(H2FrameType.Ping, 0, 0, new byte[8]).ToBytes() },
        { "SETTINGS", new H2Frame(H2FrameType.Settings, 0, 0, []).ToBytes() },
        { "PRIORITY", new H2Frame(H2FrameType.Priority, 0, 9, [0, 0, 0, 0, 1]).ToBytes() },
        { "an unknown frame", new H2Frame((H2FrameType)0xbe, 0, 0, [1, 2, 3]).ToBytes() },
    };

    [Theory]
    [MemberData(nameof(Idle))]
    public Task Frames_that_carry_nothing_end_the_connection_though_their_answers_are_read(string name, byte[] frame)
    {
        _ = name;
        return AssertEndedAsync("control_frames", client => RepeatAsync(client, frame));
    }

    [Fact]
    public Task A_window_that_grows_without_end_ends_the_connection() => AssertEndedAsync(
        "control_frames",
        client => RepeatAsync(client, H2Frame.Number(H2FrameType.WindowUpdate, 0, 1).ToBytes()),
        reads: false);

    [Theory]
    [InlineData(0, 0, "connection reason=protocol_error")]
    [InlineData(0, int.MaxValue, "connection reason=flow_control_error")]
    [InlineData(1, int.MaxValue, "stream reason=flow_control_error")]
    public Task A_window_that_cannot_be_is_refused(int stream, int increment, string counted) => AssertRefusedAsync(
        stream, counted, H2Client.HeadersFrame(1, end: true, Hang), H2Frame.Number(H2FrameType.WindowUpdate, stream, increment));

    [Fact]
    public Task A_frame_over_the_agreed_size_is_refused() => AssertRefusedAsync(0, "connection reason=frame_size_error", new H2Frame(H2FrameType.Data, 0, 1, new byte[20_000]));

    [Fact]
    public Task A_stream_that_depends_on_itself_is_refused() =>
        AssertRefusedAsync(1, "connection reason=protocol_error", new H2Frame(H2FrameType.Priority, 0, 1, [0, 0, 0, 1, 0]));

    [Fact]
    public async Task Empty_pieces_of_a_body_do_not_keep_it_alive()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ http2: { control_frames: 0 }, limits: { body_timeout: 500ms } }");
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"));
        var answer = client.WaitForAsync(f => f.Stream == stream && f.Type is H2FrameType.Headers or H2FrameType.RstStream or H2FrameType.GoAway);
        while (!answer.IsCompleted)
        {
            await client.SendAsync(new H2Frame(H2FrameType.Data, 0, stream, []));
        }

        Assert.Equal("408", Hpack.Decode((await answer).Payload)[":status"]);
        await Counted.TimeoutAsync(proxy, "body_timeout");
    }

    [Fact]
    public async Task More_streams_than_allowed_are_refused_one_by_one()
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/hang" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ http2: { max_streams: 3 } }");
        await using var client = await proxy.ConnectH2Async();
        for (var i = 0; i < 3; i++)
        {
            await client.OpenAsync(end: true, Hang);
        }

        await upstream.WaitForRequestsAsync(3);

        Assert.Equal(7, (await client.RoundTripAsync(Hang)).Reset);
        await SeenAsync(proxy, "stream reason=refused_stream");
        Assert.Equal(3, upstream.Requests.Count);
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_header_list_a_little_too_large_is_431_and_one_far_too_large_the_end()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ limits: { request_head: 4KiB, request_line: 1KiB, header_size: 1KiB, header_count: 10 } }");
        await using var client = await proxy.ConnectH2Async();
        (string, string)[] Fields(int count) => [.. H2Client.Head(), .. Enumerable.Range(0, count).Select(i => ($"x-{i}", new string('x', 900)))];

        Assert.Equal(431, (await client.RoundTripAsync(Fields(5))).Status);
        Assert.Equal(200, (await client.RoundTripAsync(H2Client.Head())).Status);
        var answer = await RefusalAsync(client, await client.OpenAsync(end: true, Fields(16)));

        Assert.True(IsRefusal(answer), answer);
        Assert.Single(upstream.Requests);
        await SeenAsync(proxy, "connection reason=protocol_error");
    }

    private static async Task RepeatAsync(H2Client client, byte[] frame)
    {
        var many = Enumerable.Repeat(frame, 1000).SelectMany(f => f).ToArray();
        while (true)
        {
            await client.SendAsync(many);
        }
    }

    private static async Task AssertRefusedAsync(int stream, string counted, params H2Frame[] frames)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        await client.SendAsync(frames);

        var answer = await RefusalAsync(client, stream == 0 ? -1 : stream);
        Assert.True(IsRefusal(answer), answer);
        await SeenAsync(proxy, counted);
    }

    /// <summary>It was counted, and said in one line with the client's address.</summary>
    private static async Task SeenAsync(TestProxy proxy, string counted)
    {
        var key = "filterproxy.downstream.refusals listener=web scope=" + counted;
        try
        {
            await Poll.UntilAsync(() => proxy.Counts.Keys.Any(k => k.StartsWith(key, StringComparison.Ordinal)));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{key} is not among {string.Join(", ", proxy.Counts)}");
        }

        var reason = proxy.Counts.Keys.First(k => k.StartsWith(key, StringComparison.Ordinal)).Split('=')[^1];
        var scope = counted.Split(' ')[0];
        var line = Assert.Single(proxy.LogLines, l => l.Contains($"an HTTP/2 {scope} of ", StringComparison.Ordinal) && l.Contains($"was refused: {reason}.", StringComparison.Ordinal));
        Assert.StartsWith($"Information: Listener 'web': an HTTP/2 {scope} of 127.0.0.1:", line, StringComparison.Ordinal);
        Assert.DoesNotContain(proxy.LogLines, l => l.StartsWith("Critical", StringComparison.Ordinal));
    }

    private static async Task AssertEndedAsync(string reason, Func<H2Client, Task> flood, bool reads = true, int controlFrames = 1000)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/hang" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, $"{{ http2: {{ control_frames: {controlFrames} }}, limits: {{ write_timeout: 1s, rate_grace: 2s }} }}");
        await using var other = await proxy.ConnectH2Async();
        await using var stream = await proxy.ConnectStreamAsync();
        await using var client = reads ? await H2Client.StartAsync(stream) : H2Client.Deaf(stream);
        Assert.Equal(200, (await other.RoundTripAsync()).Status);
        var flooding = Task.Run(() => flood(client));
        await Poll.UntilAsync(() => proxy.OpenConnections <= 1, TimeSpan.FromSeconds(20));

        Assert.Equal(200, (await other.RoundTripAsync()).Status);
        await Assert.ThrowsAnyAsync<IOException>(() => flooding);
        await SeenAsync(proxy, "connection reason=" + reason);
    }
}
