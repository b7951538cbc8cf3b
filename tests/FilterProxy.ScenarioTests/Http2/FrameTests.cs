using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>However a message is cut into frames, and frames into pieces, what reaches the other side is the message.</summary>
public sealed class FrameTests : Http2Scenario
{
    private const byte Padded = 8;
    private const byte Priority = 32;

    private static readonly (string, string)[] Post =
        [(":method", "POST"), (":scheme", "http"), (":path", "/a"), (":authority", "a"), ("content-length", "10"), ("x-long", new string('v', 200))];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Frames_that_come_byte_by_byte_are_frames(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
        byte[] all =
        [
            .. H2Client.Preface, .. H2Frame.Settings((1, 0)).ToBytes(), .. H2Client.HeadersFrame(1, end: false, Post).ToBytes(),
            .. Data("0123456789", end: true).ToBytes(),
        ];
        foreach (var b in all)
        {
            await client.SendAsync([b]);
        }

        Assert.Equal(200, (await client.ReadResponseAsync(1)).Status);
        Assert.Equal("0123456789", upstream.Requests[0].Text);
    }

    [Fact]
    public async Task A_field_block_is_one_wherever_it_is_cut()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var block = Hpack.Encode(H2Client.Head(("x-a", "1"), ("x-b", "2")));
        var stream = 1;
        for (var at = 0; at <= block.Length; at++, stream += 2)
        {
            await client.SendAsync(
                new H2Frame(H2FrameType.Headers, H2Frame.EndStream, stream, block[..at]),
                new H2Frame(H2FrameType.Continuation, H2Frame.EndHeaders, stream, block[at..]));
        }

        for (var opened = 1; opened < stream; opened += 2)
        {
            Assert.Equal(200, (await client.ReadResponseAsync(opened)).Status);
        }

        Assert.All(upstream.Requests, r => Assert.Equal(("1", "2"), (r.Headers["X-A"], r.Headers["X-B"])));
    }

    [Fact]
    public async Task Padding_priority_empty_pieces_and_unknown_frames_are_no_part_of_a_message()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        byte[] head = [3, 0, 0, 0, 0, 15, .. Hpack.Encode(Post), 0, 0, 0];
        await client.SendAsync(
            new H2Frame(H2FrameType.Headers, H2Frame.EndHeaders | Padded | Priority, 1, head),
            Data("", end: false),
            new H2Frame(H2FrameType.Data, Padded, 1, [5, .. "0123"u8, 0, 0, 0, 0, 0]),
            new H2Frame((H2FrameType)0x60, 0xff, 1, new byte[100]),
            Data("", end: false),
            new H2Frame(H2FrameType.Priority, 0, 1, [0, 0, 0, 0, 7]),
            Data("456789", end: false),
            new H2Frame(H2FrameType.Data, Padded | H2Frame.EndStream, 1, [0]));

        Assert.Equal(200, (await client.ReadResponseAsync(1)).Status);
        Assert.Equal("0123456789", upstream.Requests[0].Text);
    }

    [Fact]
    public async Task Trailers_cut_into_pieces_are_the_trailers()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var block = Hpack.Encode(("x-sum", "abc"));
        await client.SendAsync(
            H2Client.HeadersFrame(1, end: false, [.. Post[..4]]),
            Data("body", end: false),
            new H2Frame(H2FrameType.Headers, H2Frame.EndStream, 1, block[..2]),
            new H2Frame(H2FrameType.Continuation, 0, 1, []),
            new H2Frame(H2FrameType.Continuation, H2Frame.EndHeaders, 1, block[2..]));

        Assert.Equal(200, (await client.ReadResponseAsync(1)).Status);
        Assert.Equal(("body", "abc"), (upstream.Requests[0].Text, upstream.Requests[0].Trailers["X-Sum"]));
    }

    public static TheoryData<string> Afterwards => ["data", "headers", "continuation"];

    [Theory]
    [MemberData(nameof(Afterwards))]
    public async Task What_follows_the_end_of_a_request_never_becomes_part_of_it(string what)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        await client.SendAsync(H2Client.HeadersFrame(1, end: false, Post), Data("0123456789", end: true));
        await upstream.WaitForRequestsAsync(1);

        await client.SendAsync(what switch
        {
            "data" => Data("more", end: true),
            "headers" => H2Client.HeadersFrame(1, end: true, Post),
            _ => new H2Frame(H2FrameType.Continuation, H2Frame.EndHeaders, 1, Hpack.Encode(("x-a", "1"))),
        });

        var answer = await RefusalAsync(client, 1);
        Assert.True(IsRefusal(answer), answer);
        Assert.Equal("0123456789", Assert.Single(upstream.Requests).Text);
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_second_head_in_the_middle_of_a_body_cuts_the_request()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();

        await client.SendAsync(H2Client.HeadersFrame(1, end: false, Post), Data("01234", end: false), H2Client.HeadersFrame(1, end: false, Post));

        var answer = await RefusalAsync(client, 1);
        Assert.True(IsRefusal(answer), answer);
        await Poll.UntilAsync(() => upstream.Connections.All(c => c.Closed.IsCompleted));
        Assert.True(upstream.Requests.All(r => !r.IsComplete));
    }

    [Fact]
    public async Task A_response_goes_through_a_window_of_one_byte()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("slowly"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
        await client.SendAsync([.. H2Client.Preface, .. H2Frame.Settings((1, 0), (4, 1)).ToBytes(), .. H2Client.HeadersFrame(1, end: true).ToBytes()]);

        for (var i = 1; i <= "slowly".Length; i++)
        {
            await client.WaitForAsync(_ => client.Frames.Where(f => f.Type == H2FrameType.Data).Sum(f => f.Payload.Length) == i);
            await client.SendAsync(H2Frame.Number(H2FrameType.WindowUpdate, 1, 1));
        }

        Assert.Equal("slowly", (await client.ReadResponseAsync(1)).Text);
    }

    [Fact]
    public async Task A_window_that_shrinks_below_zero_holds_the_response_and_lets_it_go_on_whole()
    {
        var body = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i % 10}"));
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(body));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = H2Client.Silent(await proxy.ConnectStreamAsync());
        await client.SendAsync([.. H2Client.Preface, .. H2Frame.Settings((1, 0), (4, 5000)).ToBytes(), .. H2Client.HeadersFrame(1, end: true).ToBytes()]);
        await client.WaitForAsync(_ => Received() == 5000);

        await client.SendAsync(H2Frame.Settings((4, 1000)), H2Frame.Number(H2FrameType.WindowUpdate, 1, 4000), new H2Frame(H2FrameType.Ping, 0, 0, new byte[8]));
        await client.WaitForAsync(f => f is { Type: H2FrameType.Ping, Flags: H2Frame.Ack });
        Assert.Equal(5000, Received());
        await client.SendAsync(H2Frame.Number(H2FrameType.WindowUpdate, 1, 100_000));

        Assert.Equal(body, (await client.ReadResponseAsync(1)).Text);
        int Received() => client.Frames.Where(f => f.Type == H2FrameType.Data).Sum(f => f.Payload.Length);
    }

    [Fact]
    public async Task A_client_that_says_goodbye_still_gets_what_it_asked_for()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true);
        await upstream.WaitForRequestsAsync(1);
        await client.SendAsync(new H2Frame(H2FrameType.GoAway, 0, 0, new byte[8]));
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync(stream)).Text);
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private static H2Frame Data(string text, bool end) => new(H2FrameType.Data, end ? H2Frame.EndStream : (byte)0, 1, Encoding.ASCII.GetBytes(text));
}
