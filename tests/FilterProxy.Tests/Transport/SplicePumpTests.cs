using System.Net.Sockets;
using System.Security.Cryptography;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

/// <summary>Bytes that go from socket to socket inside the kernel.</summary>
public sealed class SplicePumpTests
{
    private const int Length = 10_000_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Many_bytes_are_moved_whole_and_the_senders_end_ends_it()
    {
        await using var sides = new Sides();
        var bytes = RandomNumberGenerator.GetBytes(Length);
        var running = sides.RunAsync();
        var received = sides.HashAsync();
        await sides.SendAsync(bytes);

        Assert.Equal(SpliceEnd.Ended, await running.WaitAsync(Limit));
        Assert.Equal(Length, sides.Pump.Moved);
        Assert.Equal(Length, sides.From.Input.Received);
        Assert.Equal(Length, sides.To.Output.Sent);
        sides.To.Output.Complete();
        Assert.Equal(SHA256.HashData(bytes), await received.WaitAsync(Limit));
    }

    [Fact]
    public async Task It_ends_when_it_pays_no_more_and_what_comes_then_is_read()
    {
        await using var sides = new Sides();
        var running = sides.RunAsync();
        while (!running.IsCompleted)
        {
            await sides.FromPeer.SendAsync(new byte[10]);
            await Task.Yield();
        }

        Assert.Equal(SpliceEnd.Stopped, await running);
        await sides.FromPeer.SendAsync("more"u8.ToArray());
        var read = await sides.From.Input.ReadAtLeastAsync(4).AsTask().WaitAsync(Limit);
        Assert.True(read.Buffer.Length >= 4);
    }

    [Fact]
    public async Task It_can_be_stopped_while_nothing_comes()
    {
        await using var sides = new Sides();
        var running = sides.RunAsync();
        sides.Pump.Stop();

        Assert.Equal(SpliceEnd.Stopped, await running.WaitAsync(Limit));
        await sides.FromPeer.SendAsync(new byte[] { 1 });
        Assert.Equal(1, (await sides.From.Input.ReadAsync().AsTask().WaitAsync(Limit)).Buffer.Length);
    }

    [Fact]
    public async Task A_reset_of_either_side_ends_it()
    {
        await using var one = new Sides();
        var running = one.RunAsync();
        one.FromPeer.LingerState = new LingerOption(true, 0);
        one.FromPeer.Dispose();
        Assert.Equal(SpliceEnd.ReadFailed, await running.WaitAsync(Limit));

        await using var two = new Sides();
        running = two.RunAsync();
        two.ToPeer.LingerState = new LingerOption(true, 0);
        two.ToPeer.Dispose();
        var sending = Task.Run(async () =>
        {
            try
            {
                await two.SendAsync(new byte[Length]);
            }
            catch (SocketException)
            {
                // Nobody takes them any more.
            }
        });
        Assert.Equal(SpliceEnd.WriteFailed, await running.WaitAsync(Limit));
        await two.From.DisposeAsync();
        await sending;
    }

    [Fact]
    public async Task An_abort_ends_it_while_the_receiver_takes_nothing()
    {
        await using var sides = new Sides();
        var running = sides.RunAsync();
        var sending = Task.Run(async () =>
        {
            try
            {
                await sides.SendAsync(new byte[Length * 4]);
            }
            catch (SocketException)
            {
                // It was cut.
            }
        });
        await Poll.UntilAsync(() => sides.From.Input.Received > 0);
        sides.To.Abort();
        sides.From.Abort();

        Assert.NotEqual(SpliceEnd.Ended, await running.WaitAsync(Limit));
        await sending;
    }

    /// <summary>Two connections on one loop, and their peers in the test's hand.</summary>
    private sealed class Sides : IAsyncDisposable
    {
        private readonly SocketPair _from = new();
        private readonly SocketPair _to = new();
        private readonly EpollLoop _loop = EpollLoop.Next()!;

        public Sides()
        {
            From = new SocketConnection(_from.Near, _loop);
            To = new SocketConnection(_to.Near, _loop);
            Pump = new SplicePump(From, To, static () => { });
        }

        public SocketConnection From { get; }

        public SocketConnection To { get; }

        public SplicePump Pump { get; }

        public Socket FromPeer => _from.Far;

        public Socket ToPeer => _to.Far;

        public Task<SpliceEnd> RunAsync()
        {
            var result = new TaskCompletionSource<SpliceEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
            _loop.Schedule(_ => _ = PumpAsync(), null);
            return result.Task;

            async Task PumpAsync()
            {
                try
                {
                    Assert.True(SplicePump.Fits(From, To));
                    result.SetResult(await Pump.RunAsync());
                }
                catch (Exception e)
                {
                    result.SetException(e);
                }
            }
        }

        public async Task SendAsync(byte[] bytes)
        {
            for (var at = 0; at < bytes.Length;)
            {
                at += await FromPeer.SendAsync(bytes.AsMemory(at, Math.Min(1 << 20, bytes.Length - at)));
            }

            FromPeer.Shutdown(SocketShutdown.Send);
        }

        public async Task<byte[]> HashAsync()
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 17];
            while (await ToPeer.ReceiveAsync(buffer) is var read and > 0)
            {
                hash.AppendData(buffer, 0, read);
            }

            return hash.GetHashAndReset();
        }

        public async ValueTask DisposeAsync()
        {
            await From.DisposeAsync();
            await To.DisposeAsync();
            _from.Dispose();
            _to.Dispose();
        }
    }
}
