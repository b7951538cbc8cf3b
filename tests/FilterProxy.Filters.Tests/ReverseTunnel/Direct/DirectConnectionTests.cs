using System.Diagnostics;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Direct;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Direct;

/// <summary>Direct connections over real sockets.</summary>
public sealed class DirectConnectionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0.01)]
    public async Task Many_bytes_arrive_both_ways_at_once(bool isForwarded, double loss)
    {
        await using var pair = new DirectPair(loss, isForwarded: isForwarded);
        var (up, down) = (DirectPair.Bytes(1, 64 << 20), DirectPair.Bytes(2, 64 << 20));
        var watch = Stopwatch.StartNew();

        var atAgent = Task.Run(() => DirectPair.ReadToEndAsync(pair.Agent));
        var atVisitor = Task.Run(() => DirectPair.ReadToEndAsync(pair.Visitor));
        await Task.WhenAll(Task.Run(() => DirectPair.WriteAsync(pair.Visitor, up)), Task.Run(() => DirectPair.WriteAsync(pair.Agent, down))).WaitAsync(Patience);

        AssertSame(up, await atAgent.WaitAsync(Patience));
        AssertSame(down, await atVisitor.WaitAsync(Patience));
        output.WriteLine($"{2 * 64 * 8.4 / watch.Elapsed.TotalSeconds:0} Mbit/s both ways, lost {pair.Visitor.Lost} and {pair.Agent.Lost}");
        await Poll.UntilAsync(() => pair.Visitor.ConnectionClosed.IsCancellationRequested && pair.Agent.ConnectionClosed.IsCancellationRequested);
        await Poll.UntilAsync(() => pair.Visitor.IsFreed && pair.Agent.IsFreed);
        Assert.Equal((DirectEnd.Finished, DirectEnd.Finished), (pair.Visitor.End, pair.Agent.End));
    }

    [Fact]
    public async Task A_distant_path_that_loses_some_moves_megabytes_a_second()
    {
        await using var pair = new DirectPair(loss: 0.01, delay: 10, isForwarded: true);
        var bytes = DirectPair.Bytes(1, 8 << 20);
        var watch = Stopwatch.StartNew();
        var reading = Task.Run(() => DirectPair.ReadToEndAsync(pair.Agent));
        await DirectPair.WriteAsync(pair.Visitor, bytes).WaitAsync(Patience);

        AssertSame(bytes, await reading.WaitAsync(Patience));
        output.WriteLine($"{8.4 / watch.Elapsed.TotalSeconds:0.0} MB/s, lost {pair.Visitor.Lost}");
    }

    [Fact]
    public async Task An_echo_ends_when_what_it_echoes_has_ended()
    {
        await using var pair = new DirectPair();
        var echo = Task.Run(async () =>
        {
            await pair.Agent.Input.CopyToAsync(pair.Agent.Output);
            await pair.Agent.EndOutputAsync();
        });
        var bytes = DirectPair.Bytes(1, 1_000_000);
        var reading = DirectPair.ReadToEndAsync(pair.Visitor);
        await DirectPair.WriteAsync(pair.Visitor, bytes).WaitAsync(Patience);

        Assert.Equal(bytes, await reading.WaitAsync(Patience));
        await echo.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_flush_waits_while_nobody_reads_and_ends_when_somebody_does()
    {
        await using var pair = new DirectPair();
        var bytes = DirectPair.Bytes(1, 16 << 20);
        var written = 0;
        var writing = Task.Run(async () =>
        {
            for (; written < bytes.Length; written += 65_536)
            {
                await pair.Visitor.Output.WriteAsync(bytes.AsMemory(written, 65_536));
            }

            await pair.Visitor.EndOutputAsync();
        });
        await Poll.UntilAsync(() => Volatile.Read(ref written) >= ReceiveBuffer.Window);
        var (before, watch) = (-1, Stopwatch.StartNew());
        await Poll.UntilAsync(() =>
        {
            var isSame = before == Volatile.Read(ref written);
            before = written;
            watch = isSame ? watch : Stopwatch.StartNew();
            return watch.ElapsedMilliseconds > 200;
        });
        Assert.InRange(written, ReceiveBuffer.Window, ReceiveBuffer.Window + DirectConnection.SendWindow + (1 << 20));

        AssertSame(bytes, await DirectPair.ReadToEndAsync(pair.Agent).WaitAsync(Patience));
        await writing.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("abort")]
    [InlineData("complete")]
    [InlineData("dispose")]
    public async Task What_is_broken_off_is_reset_at_the_other_end(string how)
    {
        await using var pair = new DirectPair();
        await pair.Visitor.Output.WriteAsync("abc"u8.ToArray());
        var read = await pair.Agent.Input.ReadAsync().AsTask().WaitAsync(Patience);
        pair.Agent.Input.AdvanceTo(read.Buffer.End);
        var waiting = pair.Agent.Input.ReadAsync().AsTask();
        switch (how)
        {
            case "abort":
                pair.Visitor.Abort();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Visitor.Input.ReadAsync().AsTask());
                break;
            case "complete":
                await pair.Visitor.Output.CompleteAsync(new IOException("broken"));
                break;
            default:
                await pair.Visitor.DisposeAsync();
                break;
        }

        await Assert.ThrowsAsync<ConnectionResetException>(() => waiting.WaitAsync(Patience));
        Assert.True((await pair.Agent.Output.FlushAsync()).IsCompleted);
        await Poll.UntilAsync(() => pair.Agent.ConnectionClosed.IsCancellationRequested && pair.Visitor.ConnectionClosed.IsCancellationRequested);
        await Poll.UntilAsync(() => pair.Agent.IsFreed && pair.Visitor.IsFreed);
    }

    [Fact]
    public async Task What_was_written_arrives_though_the_connection_is_disposed_at_once()
    {
        await using var pair = new DirectPair(loss: 0.05, isForwarded: true);
        var bytes = DirectPair.Bytes(1, 1_500_000);
        await DirectPair.WriteAsync(pair.Visitor, bytes).WaitAsync(Patience);
        await pair.Visitor.DisposeAsync();

        Assert.Equal(bytes, await DirectPair.ReadToEndAsync(pair.Agent).WaitAsync(Patience));
        await pair.Agent.EndOutputAsync();
        await Poll.UntilAsync(() => pair.Agent.IsFreed && pair.Visitor.IsFreed);
        Assert.Equal(DirectEnd.Finished, pair.Agent.End);
    }

    [Fact]
    public async Task With_another_key_nothing_is_taken()
    {
        await using var pair = new DirectPair(sameKey: false);
        await pair.Visitor.Output.WriteAsync(new byte[1000]);
        await Poll.UntilAsync(() => pair.Agent.Dropped > 2);

        Assert.False(pair.Agent.Input.TryRead(out _));
    }

    [Fact]
    public async Task Strangers_at_the_socket_and_what_is_no_packet_are_ignored()
    {
        await using var pair = new DirectPair();
        using var stranger = DirectPair.Bound();
        var random = new Random(1);
        var bytes = DirectPair.Bytes(1, 2_000_000);
        var reading = DirectPair.ReadToEndAsync(pair.Agent);
        for (var i = 0; i < 500; i++)
        {
            var noise = new byte[random.Next(1600)];
            random.NextBytes(noise);
            if (noise.Length > 0 && i % 2 == 0)
            {
                noise[0] = (byte)(i % 4 == 0 ? DirectPacket.First : random.Next(0x40));
            }

            stranger.SendTo(noise, pair.AgentAddress);
            await pair.Visitor.Output.WriteAsync(bytes.AsMemory(i * 4000, 4000));
        }

        await pair.Visitor.EndOutputAsync();
        Assert.Equal(bytes, await reading.WaitAsync(Patience));
        Assert.True(pair.Agent.Dropped > 0);
    }

    [Fact]
    public async Task The_agents_address_may_be_one_of_version_4_at_a_socket_of_both()
    {
        using var agent = DirectPair.Bound();
        var visitor = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true };
        visitor.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("::ffff:127.0.0.1"), 0));
        var port = ((System.Net.IPEndPoint)visitor.LocalEndPoint!).Port;
        await using var a = DirectConnection.Start(visitor, (System.Net.IPEndPoint)agent.LocalEndPoint!, new byte[32], isVisitor: true, TimeProvider.System);
        await using var b = DirectConnection.Start(agent, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port), new byte[32], isVisitor: false, TimeProvider.System);

        await a.Output.WriteAsync("abc"u8.ToArray());
        var read = await b.Input.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(3, read.Buffer.Length);
    }

    [Fact]
    public async Task Who_waits_for_nothing_is_freed_when_disposed_in_the_middle()
    {
        var pair = new DirectPair();
        var flood = Task.Run(() => DirectPair.WriteAsync(pair.Visitor, new byte[64 << 20]));
        await Poll.UntilAsync(() => pair.Agent.Input.TryRead(out _));
        await pair.DisposeAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => flood.WaitAsync(Patience));
        await Poll.UntilAsync(() => pair.Visitor.IsFreed && pair.Agent.IsFreed);
    }

    /// <summary>As Equal, in reasonable time for many bytes.</summary>
    private static void AssertSame(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual), "The bytes differ.");
}
