using System.Diagnostics;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>What SIGTERM does.</summary>
public sealed class StopTests : Scenario
{
    private static readonly TimeSpan LongGrace = TimeSpan.FromSeconds(60);
    private readonly ExchangeLog _log = new();

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Idle_connections_close_at_once_and_stopping_returns_then(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await using var fresh = await proxy.ConnectAsync();
        await client.RoundTripAsync(Get);
        await Poll.UntilAsync(() => proxy.OpenConnections == 2);

        await proxy.StopAsync(LongGrace).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.True(await fresh.IsClosedByPeerAsync());
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_under_way_finishes_as_the_last_of_its_connection_and_stopping_returns_then(TestTransport transport)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok()));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        var stopping = proxy.StopAsync(LongGrace);
        Assert.False(stopping.IsCompleted);
        gate.SetResult();
        var response = await client.ReadResponseAsync();

        Assert.Equal((200, "ok"), (response.Status, response.Text));
        await AssertLastAsync(client, response, transport);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task What_is_still_open_after_the_grace_is_cut(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);
        var started = Stopwatch.GetTimestamp();

        await proxy.StopAsync(TimeSpan.FromMilliseconds(500)).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(450));
        Assert.True(await client.IsClosedByPeerAsync());
        await upstream.Connections[0].Closed;
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_websocket_is_work_in_flight(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenRun(async stream =>
        {
            var one = new byte[1];
            while (await stream.ReadAsync(one) > 0)
            {
                await stream.WriteAsync(one);
            }
        }));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RoundTripAsync(UpgradeTests.WebSocket)).Status);

        var stopping = proxy.StopAsync(LongGrace);
        await client.SendAsync("x");
        Assert.Equal("x"u8.ToArray(), await client.ReadExactlyAsync(1));
        Assert.False(stopping.IsCompleted);
        await client.DisposeAsync();

        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_websocket_that_outlasts_the_grace_is_cut_on_both_sides(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.SwitchToWebSocket(r).ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(101, (await client.RoundTripAsync(UpgradeTests.WebSocket)).Status);

        await proxy.StopAsync(TimeSpan.FromMilliseconds(300)).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.True(await client.IsClosedByPeerAsync());
        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    // In memory nobody connects by a socket.
    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task Nobody_can_connect_once_it_has_stopped(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await proxy.StopAsync(LongGrace);

        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => proxy.ConnectAsync());
    }
}
