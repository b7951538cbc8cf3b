using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Streams;

/// <summary>Byte streams to services behind an agent.</summary>
public sealed class TunnelStreamTests
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("FILTERPROXY_TEST_FULL") == "1";

    public static TheoryData<string> Transports => ["h2", "work"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_go_both_ways_and_each_end_by_itself(string transport)
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();

        await client.SendAsync("ask"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("ask", await StreamRig.ReadToEndAsync(upstream));
        await upstream.SendAsync("answer after the end"u8.ToArray());
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer after the end", await StreamRig.ReadToEndAsync(client));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_service_may_end_first_and_still_hear(string transport)
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();

        await upstream.SendAsync("bye"u8.ToArray());
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal("bye", await StreamRig.ReadToEndAsync(client));
        await client.SendAsync("heard you"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal("heard you", await StreamRig.ReadToEndAsync(upstream));
    }

    [Theory]
    [InlineData("h2", true)]
    [InlineData("h2", false)]
    [InlineData("work", true)]
    [InlineData("work", false)]
    public async Task A_reset_of_one_side_reaches_the_other(string transport, bool byClient)
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        var (one, other) = byClient ? (client, upstream) : (upstream, client);
        await one.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await other.ReceiveAsync(new byte[1]));

        one.LingerState = new LingerOption(true, 0);
        one.Close();

        await Assert.ThrowsAsync<SocketException>(async () => await StreamRig.ReadToEndAsync(other));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Everything_is_whole_in_both_directions_at_once(string transport)
    {
        var length = IsFull ? 1L << 30 : 20_000_000;
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        var (up, down) = (RandomNumberGenerator.GetBytes(1_000_003), RandomNumberGenerator.GetBytes(1_000_003));

        await Task.WhenAll(ExpectAsync(upstream, up, length), ExpectAsync(client, down, length), SendAsync(client, up, length), SendAsync(upstream, down, length))
            .WaitAsync(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Many_streams_share_four_connections()
    {
        // Four descriptors each, as all four sides are this process, of which the overload manager refuses to use the last;
        // perf/tunnel.sh has ten thousand wherever one process may have as many.
        var count = IsFull ? Math.Min(10_000, MaxDescriptors() / 5) : 300;
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("h2");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, count: 4);
        var sockets = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            sockets.Add(await StreamRig.ConnectAsync(server));
            sockets.Add(await service.AcceptAsync());
        }

        foreach (var socket in sockets)
        {
            await socket.SendAsync("x"u8.ToArray());
        }

        foreach (var socket in sockets)
        {
            Assert.Equal(1, await socket.ReceiveAsync(new byte[10]));
        }

        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_stream_that_is_not_read_does_not_stop_another()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync();
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port);
        var stalled = new List<Socket>();
        using var stop = new CancellationTokenSource();
        for (var i = 0; i < 20; i++)
        {
            var client = await StreamRig.ConnectAsync(server);
            stalled.AddRange([client, await service.AcceptAsync()]);
            _ = PourAsync(client, stop.Token);
            _ = PourAsync(stalled[^1], stop.Token);
        }

        using var last = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        var bytes = RandomNumberGenerator.GetBytes(1_000_003);
        await Task.WhenAll(ExpectAsync(upstream, bytes, 2_000_000), SendAsync(last, bytes, 2_000_000)).WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        stalled.ForEach(socket => socket.Dispose());
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Nobody_is_there_for_a_service_the_agent_does_not_have(string transport)
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, name: "other", work: 1);
        using var client = await StreamRig.ConnectAsync(server);

        await Assert.ThrowsAsync<SocketException>(async () => await StreamRig.ReadToEndAsync(client));
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("could not be relayed to cluster 'db': tunnel_unknown_service", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_service_that_is_down_is_said_to_be(string transport)
    {
        await using var server = await StreamRig.StartServerAsync(transport);
        await using var agent = await StreamRig.StartAgentAsync(server, UpstreamTests.DeadPort(), work: 1);
        using var client = await StreamRig.ConnectAsync(server);

        await Assert.ThrowsAsync<SocketException>(async () => await StreamRig.ReadToEndAsync(client));
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("could not be relayed to cluster 'db': connection_refused", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Streams_end_with_their_agent(string transport)
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync(transport);
        var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        await client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await upstream.ReceiveAsync(new byte[1]));

        await agent.StopAsync(TimeSpan.Zero);
        await agent.DisposeAsync();

        await Assert.ThrowsAsync<SocketException>(async () => await StreamRig.ReadToEndAsync(client));
    }

    /// <summary>Receives so many bytes, which are those of a pattern again and again.</summary>
    private static int MaxDescriptors()
    {
        const string Limits = "/proc/self/limits";
        var line = File.Exists(Limits) ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) : null;
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] is { } soft && int.TryParse(soft, out var count) ? count : 20_000;
    }

    private static async Task ExpectAsync(Socket socket, byte[] pattern, long length)
    {
        var buffer = new byte[256 * 1024];
        for (var received = 0L; received < length;)
        {
            var count = await socket.ReceiveAsync(buffer);
            Assert.True(count > 0, $"The end came after {received} bytes.");
            for (var checkedBytes = 0; checkedBytes < count;)
            {
                var at = (int)((received + checkedBytes) % pattern.Length);
                var piece = Math.Min(count - checkedBytes, pattern.Length - at);
                Assert.True(buffer.AsSpan(checkedBytes, piece).SequenceEqual(pattern.AsSpan(at, piece)), $"Other bytes after {received + checkedBytes}.");
                checkedBytes += piece;
            }

            received += count;
        }
    }

    private static async Task SendAsync(Socket socket, byte[] pattern, long length)
    {
        for (var sent = 0L; sent < length;)
        {
            var at = (int)(sent % pattern.Length);
            sent += await socket.SendAsync(pattern.AsMemory(at, (int)Math.Min(pattern.Length - at, length - sent)));
        }
    }

    private static async Task PourAsync(Socket socket, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await socket.SendAsync(new byte[64 * 1024], stop);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
