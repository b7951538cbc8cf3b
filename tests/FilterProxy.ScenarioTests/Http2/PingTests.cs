using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Clients that may be gone without a word are asked whether they are.</summary>
public sealed class PingTests : Http2Scenario
{
    [Fact]
    public async Task A_client_that_answers_pings_stays_and_one_that_does_not_goes()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c, "{ http2: { ping_interval: 1s, ping_timeout: 1s } }");
        await using var lives = await proxy.ConnectH2Async();
        await using var silent = H2Client.Silent(await proxy.ConnectStreamAsync());
        await lives.OpenAsync(end: true);
        await silent.SendAsync([.. H2Client.Preface, .. H2Frame.Settings((1, 0)).ToBytes(), .. H2Client.HeadersFrame(1, end: true).ToBytes()]);
        await upstream.WaitForRequestsAsync(2);

        await silent.Closed.WaitAsync(TimeSpan.FromSeconds(10));
        await Poll.UntilAsync(() => lives.Frames.Count(f => f is { Type: H2FrameType.Ping, Flags: 0 }) >= 2);

        Assert.False(lives.Closed.IsCompleted);
        await Poll.UntilAsync(() => proxy.OpenConnections == 1);
    }
}
