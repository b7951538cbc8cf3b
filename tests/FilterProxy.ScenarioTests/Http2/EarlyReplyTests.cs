using System.Diagnostics;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Requests that are answered before they have ended (RFC 9113 §8.1).</summary>
public sealed class EarlyReplyTests : Http2Scenario
{
    private static readonly (string, string)[] Upload = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "a"), ("content-length", "200000")];
    private readonly ExchangeLog _log = new();

    [Fact]
    public async Task A_client_that_goes_on_sending_has_its_answer_and_is_not_reset()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body: 1KiB", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Upload);

        Assert.True((await client.WaitForAsync(f => f.Stream == stream && f.Ends)).Ends);
        await client.SendDataAsync(stream, new byte[200_000], end: true);

        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        var response = await client.ReadResponseAsync(stream);
        Assert.Equal(413, response.Status);
        Assert.Null(response.Reset);
    }

    [Fact]
    public async Task One_that_does_not_end_is_reset_in_time_without_an_error()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body: 1KiB", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Upload);
        await client.WaitForAsync(f => f.Stream == stream && f.Ends);
        var since = Stopwatch.GetTimestamp();

        Assert.Equal(0, (await client.WaitForAsync(f => f.Stream == stream && f.Type == H2FrameType.RstStream)).ErrorCode);
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0.5, 9);
    }

    [Fact]
    public async Task One_that_leaves_is_not_waited_for()
    {
        await using var upstream = TestUpstream.Start();
        var proxy = await _log.StartAsync(upstream.Port, "request_body: 1KiB", transport: TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: false, Upload);
        await client.WaitForAsync(f => f.Stream == stream && f.Ends);
        await client.SendAsync(H2Frame.Number(H2FrameType.RstStream, stream, 8));
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        var since = Stopwatch.GetTimestamp();

        await proxy.DisposeAsync();

        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalSeconds, 0, 1.5);
    }
}
