using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Floods;

/// <summary>
/// Floods from many addresses, and clients that behave meanwhile: those are served as if nothing was, and the proxy's memory stays bounded. A full run
/// holds the latency to the promise, 2 times that without a flood, over a long time; otherwise it is short, and latency may be anything that is no
/// standstill, because whoever else uses this machine is measured as well.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FloodTests(FloodedProxy flooded, ITestOutputHelper output) : IClassFixture<FloodedProxy>
{
    private const double LeastServed = 0.999;
    private const long MostMemory = 200L << 20;

    // Below this a stall of the scheduler is all there is to see, on two processors that the flood shares.
    private const double Unnoticed = 10;
    private const double Standstill = 1000;
    private static readonly bool s_full = Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1";
    private static readonly TimeSpan s_before = s_full ? TimeSpan.FromSeconds(8) : TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan s_during = s_full ? TimeSpan.FromSeconds(15) : TimeSpan.FromMilliseconds(1300);

    [Fact]
    public Task Slow_heads_are_closed_and_hurt_nobody() => AssertUnhurtAsync(Attacks.SlowHeadAsync, clients: 400);

    [Fact]
    public Task Slow_bodies_are_closed_and_hurt_nobody() => AssertUnhurtAsync(Attacks.SlowBodyAsync, clients: 400);

    [Fact]
    public Task Slow_readers_are_cut_and_hurt_nobody() => AssertUnhurtAsync(Attacks.SlowReadAsync, clients: 40);

    [Fact]
    public Task Connections_that_do_nothing_are_refused_and_hurt_nobody() => AssertUnhurtAsync(Attacks.ConnectAsync, clients: 40);

    [Fact]
    public Task Streams_that_are_reset_at_once_hurt_nobody() => AssertUnhurtAsync(Attacks.RapidResetAsync, clients: 5, mayStay: true);

    [Fact]
    public Task Heads_without_end_are_refused_and_hurt_nobody() => AssertUnhurtAsync(Attacks.HeadersAsync, clients: 20);

    [Fact]
    public Task Requests_of_many_addresses_are_limited_and_hurt_nobody() => AssertUnhurtAsync(Attacks.RequestsAsync, clients: 50, mayStay: true);

    private async Task AssertUnhurtAsync(Func<Socket, CancellationToken, Task> attack, int clients, bool mayStay = false)
    {
        var memory = flooded.Proxy.Resident;
        flooded.Good.Take();
        await Task.Delay(s_before);
        var before = flooded.Good.Take();
        Experience during;
        long connections, lost;
        await using (var flood = new Flood(flooded.Port, attack, clients))
        {
            flood.Start();
            await Task.Delay(s_during);

            // That it was one: most came through, and were thrown out.
            await Poll.UntilAsync(() => flood.Connections >= clients && (mayStay || flood.Lost >= clients / 2), TimeSpan.FromSeconds(20));
            during = flooded.Good.Take();
            (connections, lost) = (flood.Connections, flood.Lost);
        }

        var taken = flooded.Proxy.Resident - memory;
        output.WriteLine(
            $"before: {before.Served} served, p99 {before.P99:0.0} ms; during: {during.Served} served, {during.Failures.Count} failed, p99 {during.P99:0.0} ms; "
            + $"{connections} hostile connections, {lost} of them lost; {taken >> 20} MiB more memory");
        Assert.True(before.Failures.Count + during.Failures.Count <= during.Served * (1 - LeastServed), string.Join('\n', during.Failures.Concat(before.Failures).Distinct().Take(5)));
        Assert.InRange(during.P99, 0, s_full ? Math.Max(2 * before.P99, Unnoticed) : Math.Max(10 * before.P99, Standstill));
        Assert.InRange(taken, long.MinValue, MostMemory);
        Assert.DoesNotContain(flooded.Proxy.Error.Split('\n'), line => line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal));
    }
}
