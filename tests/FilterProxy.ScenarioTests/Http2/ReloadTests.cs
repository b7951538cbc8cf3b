using System.Collections.Concurrent;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Configurations replaced while streams are under way.</summary>
public sealed class ReloadTests : Http2Scenario
{
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task No_stream_is_lost_while_configurations_come_and_go(TestTransport transport)
    {
        await using var one = TestUpstream.Start(r => UpstreamResponse.Ok($"one {r.Text.Length}"));
        await using var two = TestUpstream.Start(r => UpstreamResponse.Ok($"two {r.Text.Length}"));
        await using var proxy = await TestProxy.StartAsync(To(one), transport);
        var clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => proxy.ConnectH2Async()));
        var answers = new ConcurrentQueue<H2Response>();
        using var stop = new CancellationTokenSource();
        var load = clients.SelectMany(client => Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var stream = await client.OpenAsync(end: false, (":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"));
                await client.SendDataAsync(stream, new byte[3_000], end: false);
                await client.SendDataAsync(stream, new byte[2_000], end: true);
                answers.Enqueue(await client.ReadResponseAsync(stream));
            }
        }))).ToArray();

        for (var i = 0; i < 20; i++)
        {
            var before = answers.Count;
            await Poll.UntilAsync(() => answers.Count > before + 10);
            Assert.Equal("", await proxy.ReloadAsync(To(i % 2 == 0 ? two : one)));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.All(answers, answer => Assert.True(answer is { Status: 200, Text: "one 5000" or "two 5000", Reset: null }, $"{answer.Status} {answer.Text} {answer.Reset}"));
        Assert.All(clients, client => Assert.False(client.Closed.IsCompleted));
        await proxy.SettledAsync();

        // A stream that begins now is under the last of them.
        Assert.Equal("one 0", (await clients[0].RoundTripAsync()).Text);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_listener_that_goes_lets_its_streams_end_after_GOAWAY_and_the_other_ones_go_on()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(
            r => r.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        var (stays, goes) = (ServerProcess.FreePort(), ServerProcess.FreePort());
        var staying = $"stays: {{ address: \"127.0.0.1:{stays}\", protocols: [http1, http2] }}";
        await using var proxy = await TestProxy.StartAsync(With($"{staying}, goes: {{ address: \"127.0.0.1:{goes}\", protocols: [http1, http2] }}", upstream));
        await using var other = await ConnectAsync(stays);
        await using var idle = await ConnectAsync(goes);
        await using var busy = await ConnectAsync(goes);
        Assert.Equal(200, (await other.RoundTripAsync()).Status);
        Assert.Equal(200, (await idle.RoundTripAsync()).Status);
        var slow = await busy.OpenAsync(end: true, (":method", "GET"), (":scheme", "http"), (":path", "/slow"), (":authority", "a"));
        await upstream.WaitForRequestsAsync(3);

        Assert.Equal("", await proxy.ReloadAsync(With(staying, upstream)));

        Assert.Equal(0, (await idle.WaitForAsync(f => f.Type == H2FrameType.GoAway)).ErrorCode);
        await idle.Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, (await busy.WaitForAsync(f => f.Type == H2FrameType.GoAway)).ErrorCode);
        gate.SetResult();
        Assert.Equal("late", (await busy.ReadResponseAsync(slow)).Text);
        await busy.Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(200, (await other.RoundTripAsync()).Status);
        Assert.DoesNotContain(other.Frames, f => f.Type == H2FrameType.GoAway);
    }

    [Fact]
    public async Task A_listener_that_learns_or_forgets_HTTP2_does_so_for_new_connections()
    {
        await using var upstream = TestUpstream.Start();
        var port = ServerProcess.FreePort();
        string Listener(string protocols) => $"web: {{ address: \"127.0.0.1:{port}\", protocols: [{protocols}] }}";
        await using var proxy = await TestProxy.StartAsync(With(Listener("http1"), upstream));
        Assert.False(await IsServedAsync(port));

        Assert.Equal("", await proxy.ReloadAsync(With(Listener("http1, http2"), upstream)));
        await using var client = await ConnectAsync(port);
        Assert.Equal(200, (await client.RoundTripAsync()).Status);

        Assert.Equal("", await proxy.ReloadAsync(With(Listener("http1"), upstream)));
        Assert.False(await IsServedAsync(port));
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
    }

    private static async Task<H2Client> ConnectAsync(int port)
    {
        var tcp = new System.Net.Sockets.TcpClient { NoDelay = true };
        await tcp.ConnectAsync("127.0.0.1", port);
        return await H2Client.StartAsync(tcp.GetStream());
    }

    private static async Task<bool> IsServedAsync(int port)
    {
        await using var client = await ConnectAsync(port);
        try
        {
            return (await client.RoundTripAsync()).Status == 200;
        }
        catch (Exception e) when (e is RawFormatException or IOException)
        {
            return false;
        }
    }

    private static string To(TestUpstream upstream) => $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;

    private static string With(string listeners, TestUpstream upstream) => $"listeners: {{ {listeners} }}\n{To(upstream)}";
}
