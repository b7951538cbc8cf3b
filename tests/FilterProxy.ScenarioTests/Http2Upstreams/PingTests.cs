using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2Upstreams;

/// <summary>Connections whose other end may be gone without a word are asked whether it is (RFC 9113 §6.7).</summary>
public sealed class PingTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Cluster = "protocol: h2c, http2: { ping_interval: 1s, ping_timeout: 1s }";
    private readonly ExchangeLog _log = new();

    [Theory]
    [EachProtocol]
    public async Task An_upstream_that_answers_pings_may_take_its_time(TestTransport transport)
    {
        RawHttp2Upstream? self = null;
        await using var upstream = RawHttp2Upstream.Start(async s =>
        {
            await Poll.UntilAsync(() => self!.Pings >= 2);
            s.Headers(end: false, (":status", "200")).Data("late", end: true);
        });
        self = upstream;
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: Cluster, transport: transport);

        Assert.Equal("late", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(1, upstream.Connections);
    }

    [Theory]
    [EachProtocol]
    public async Task An_upstream_that_does_not_is_given_up_with_the_requests_on_it(TestTransport transport)
    {
        await using var upstream = RawHttp2Upstream.Start(
            s =>
            {
                if (s.Connection > 1)
                {
                    s.Headers(end: false, (":status", "200")).Data("again", end: true);
                }
            },
            answersPing: false);
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: Cluster, transport: transport);

        Assert.Equal(502, (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).Status);
        Assert.Equal("upstream_closed", (await _log.NextAsync()).Reason);
        Assert.Equal("again", (await proxy.SendAsync(Get)).Text);
    }

    [Theory]
    [EachProtocol]
    public async Task Without_an_interval_nobody_is_asked(TestTransport transport)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = RawHttp2Upstream.Start(async s =>
        {
            await gate.Task;
            s.Headers(end: false, (":status", "200")).Data("late", end: true);
        });
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "protocol: h2c", transport: transport);
        var answer = proxy.SendAsync(Get);
        var until = proxy.Engine.Services.Heartbeat.Now + 2_500;
        await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now > until);
        gate.SetResult();

        Assert.Equal("late", (await answer).Text);

        // The framework's client asks a few times by itself, for the round trip its windows grow by.
        Assert.InRange(upstream.Pings, 0, 4);
    }
}
