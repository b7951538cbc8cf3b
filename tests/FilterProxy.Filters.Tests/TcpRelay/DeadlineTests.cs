using System.Diagnostics;
using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>What ends a relay that nobody ends: deadlines, rates, drain, reload.</summary>
public sealed class DeadlineTests
{
    [Fact]
    public async Task A_relay_on_which_nothing_moves_is_ended_and_both_sides_see_the_end()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "idle_timeout: 300ms");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        Assert.True(await client.EndsOrderlyAsync());
        Assert.True(await server.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("idle_timeout") == 1);
    }

    [Fact]
    public async Task A_relay_that_lasts_too_long_is_ended_though_bytes_move()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "max_duration: 400ms");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        var began = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(async () =>
        {
            try
            {
                await client.SayAsync("x");
            }
            catch (SocketException)
            {
            }

            return proxy.Ended("max_duration") == 1;
        });
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(200));
    }

    [Fact]
    public async Task A_side_that_takes_nothing_does_not_keep_an_idle_relay_open()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "idle_timeout: 500ms");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        var bytes = new byte[64_000_000];

        // More than the buffers hold, and the client reads none of it.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
            {
                await server.SendAsync(bytes);
            }
        }).WaitAsync(TimeSpan.FromSeconds(20));

        await Poll.UntilAsync(() => proxy.Ended("idle_timeout") == 1);
    }

    [Theory]
    [InlineData("download_rate: 100KB")]
    [InlineData("shared_rate: { by: client, download: 100KB }")]
    [InlineData("shared_rate: { by: all, download: 100KB }, download_rate: 1MB")]
    public async Task Bytes_come_no_faster_than_allowed(string rate)
    {
        const int Length = 60_000;
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, rate);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        var began = Stopwatch.GetTimestamp();
        await server.SendAsync(new byte[Length]);
        server.Shutdown(SocketShutdown.Send);
        await client.HearAsync(Length);

        // A tenth of a second's worth may come at once, and the last piece is not waited for.
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(300), Stopwatch.GetElapsedTime(began).ToString());
    }

    [Fact]
    public async Task Connections_with_the_same_key_share_a_rate()
    {
        const int Length = 20_000;
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, "shared_rate: { by: client, upload: 100KB }");
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await upstream.AcceptAsync();
            await client.SendAsync(new byte[Length]);
            client.Shutdown(SocketShutdown.Send);
            for (var (got, buffer) = (0, new byte[Length]); got < Length; got += await server.ReceiveAsync(buffer))
            {
            }
        }));

        // One alone would take 0.1 s.
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(300), Stopwatch.GetElapsedTime(began).ToString());
    }

    [Fact]
    public async Task A_stop_lets_relays_go_on_until_its_deadline_and_then_cuts_them()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        await client.SayAsync("x");
        await server.HearAsync(1);

        var stopping = proxy.StopAsync(TimeSpan.FromSeconds(4));
        await Poll.UntilAsync(() => Refuses(proxy.Port));
        await client.SayAsync("still");
        Assert.Equal("still", await server.HearAsync(5));

        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(await client.EndsOrderlyAsync());
        Assert.Equal(1, proxy.Ended("aborted"));
    }

    [Fact]
    public async Task A_stop_ends_with_the_last_relay()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        var stopping = proxy.StopAsync(TimeSpan.FromMinutes(5));
        client.Shutdown(SocketShutdown.Send);
        server.Shutdown(SocketShutdown.Send);

        await stopping.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, proxy.Ended("aborted"));
    }

    [Fact]
    public async Task A_reload_leaves_relays_where_they_are_and_sends_new_ones_elsewhere()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(one.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await one.AcceptAsync();

        Assert.Equal("", await proxy.ReloadAsync(RelayProxy.Text(two.Port, "idle_timeout: 10m")));
        using var other = await StreamUpstream.ConnectAsync(proxy.Port);
        using var otherServer = await two.AcceptAsync();
        await client.SayAsync("old");

        Assert.Equal("old", await server.HearAsync(3));
        await client.DisconnectAsync(false);
        server.Dispose();
        await proxy.SettledAsync();
    }

    private static bool Refuses(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect("127.0.0.1", port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
