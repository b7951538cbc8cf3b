using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>What a relay does with bytes, ends and resets.</summary>
public sealed class TcpRelayTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Bytes_go_both_ways_and_the_upstream_may_speak_first(string io)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, io: io);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        await server.SayAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await client.HearAsync(11));
        await client.SayAsync("HELO\r\n");
        Assert.Equal("HELO\r\n", await server.HearAsync(6));
        client.Shutdown(SocketShutdown.Send);
        Assert.True(await server.EndsOrderlyAsync());
        server.Shutdown(SocketShutdown.Both);

        Assert.True(await client.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("client_closed") == 1);
        Assert.Equal(11, proxy.Counts["filterproxy.tcp_relay.bytes cluster=origin direction=to_client"]);
        Assert.Equal(6, proxy.Counts["filterproxy.tcp_relay.bytes cluster=origin direction=to_upstream"]);
    }

    [Fact]
    public async Task The_clients_end_is_passed_on_and_the_upstream_goes_on_sending()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        await client.SayAsync("all");
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("all", await server.HearAsync(3));
        Assert.True(await server.EndsOrderlyAsync());
        await server.SayAsync("the rest");

        Assert.Equal("the rest", await client.HearAsync(8));
    }

    [Fact]
    public async Task The_upstreams_end_is_passed_on_and_the_client_goes_on_sending()
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();

        await server.SayAsync("bye");
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal("bye", await client.HearAsync(3));
        Assert.True(await client.EndsOrderlyAsync());
        await client.SayAsync("wait, there is more");

        Assert.Equal("wait, there is more", await server.HearAsync(19));
        client.Shutdown(SocketShutdown.Send);
        Assert.True(await server.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Counts.Keys.Any(key => key.StartsWith("filterproxy.tcp_relay.connections", StringComparison.Ordinal)));
        Assert.Contains("filterproxy.tcp_relay.connections cluster=origin reason=upstream_closed", proxy.Counts.Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_end_is_passed_on_at_once(bool isClients)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 12; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await upstream.AcceptAsync();
            await client.SayAsync("x");
            await server.HearAsync(1);
            await server.SayAsync("y");
            await client.HearAsync(1);
            (isClients ? client : server).Shutdown(SocketShutdown.Send);
            Assert.True(await (isClients ? server : client).EndsOrderlyAsync());
        }

        // A wait for the other direction to fall silent would be a second for each.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 8);
    }

    [Theory]
    [InlineData("auto", true)]
    [InlineData("auto", false)]
    [InlineData("sockets", true)]
    [InlineData("sockets", false)]
    public async Task A_reset_of_one_side_resets_the_other(string io, bool isClients)
    {
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, io: io);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        await client.SayAsync("x");
        await server.HearAsync(1);

        (isClients ? client : server).Reset();

        Assert.False(await (isClients ? server : client).EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended(isClients ? "client_reset" : "upstream_reset") == 1);
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("sockets")]
    public async Task Twenty_megabytes_arrive_whole_in_both_directions_at_once(string io)
    {
        const int Length = 20_000_000;
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port, io: io);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        var (up, down) = (RandomBytes(1, Length), RandomBytes(2, Length));

        var received = Task.WhenAll(HashAsync(server), HashAsync(client));
        await Task.WhenAll(SendAllAsync(client, up), SendAllAsync(server, down));

        var hashes = await received.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(SHA256.HashData(up), hashes[0]);
        Assert.Equal(SHA256.HashData(down), hashes[1]);
    }

    [Fact]
    public async Task A_reader_that_pauses_holds_its_sender_back_and_loses_nothing()
    {
        // More than the kernel's buffers of four sockets grow to.
        const int Length = 80_000_000;
        using var upstream = new StreamUpstream();
        await using var proxy = await RelayProxy.StartAsync(upstream.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await upstream.AcceptAsync();
        var bytes = RandomBytes(3, Length);

        long sent = 0;
        var sending = Task.Run(async () =>
        {
            for (; sent < Length; Interlocked.Add(ref sent, await server.SendAsync(bytes.AsMemory((int)sent, Math.Min(100_000, Length - (int)sent)))))
            {
            }

            server.Shutdown(SocketShutdown.Send);
        });

        // Nobody reads: the sender comes to a stop when the buffers on the way are full.
        long before;
        do
        {
            before = Interlocked.Read(ref sent);
            await Task.Delay(300);
        }
        while (Interlocked.Read(ref sent) != before);
        Assert.True(before < Length, "everything was taken though nobody read");

        Assert.Equal(SHA256.HashData(bytes), await HashAsync(client));
        await sending;
    }

    private static byte[] RandomBytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task SendAllAsync(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            at += await socket.SendAsync(bytes.AsMemory(at, Math.Min(1 << 20, bytes.Length - at)));
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> HashAsync(Socket socket)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[200_000];
        while (await socket.ReceiveAsync(buffer) is var read and > 0)
        {
            hash.AppendData(buffer, 0, read);
        }

        return hash.GetHashAndReset();
    }
}
