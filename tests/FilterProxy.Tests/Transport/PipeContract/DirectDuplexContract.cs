using System.Buffers;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>Both directions of the direct transport at once, with the direct transport at the other end.</summary>
public abstract class DirectDuplexContract : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly SocketPair _pair = new();
    private readonly SocketConnection _near;
    private readonly SocketConnection _far;

    protected DirectDuplexContract(bool onOwnLoop)
    {
        _near = new SocketConnection(_pair.Near, onOwnLoop ? EpollLoop.Next() : null);
        _far = new SocketConnection(_pair.Far, onOwnLoop ? EpollLoop.Next() : null);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _near.DisposeAsync();
        await _far.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Both_ends_read_and_write_at_the_same_time(int seed)
    {
        var toFar = Bytes(seed);
        var toNear = Bytes(seed + 100);
        var writing = Task.WhenAll(
            Task.Run(() => WriteAsync(_near, toFar, seed)),
            Task.Run(() => WriteAsync(_far, toNear, seed + 1)));
        var atFar = Task.Run(() => ReadToEndAsync(_far));
        var atNear = Task.Run(() => ReadToEndAsync(_near));

        await writing.WaitAsync(Patience);
        Assert.Equal(toFar, await atFar.WaitAsync(Patience));
        Assert.Equal(toNear, await atNear.WaitAsync(Patience));
    }

    [Fact]
    public async Task After_a_half_close_the_other_direction_goes_on()
    {
        await WriteAsync(_near, Bytes(1)[..10], 1);
        Assert.Equal(10, (await ReadToEndAsync(_far)).Length);

        await WriteAsync(_far, Bytes(2)[..20], 1);
        Assert.Equal(20, (await ReadToEndAsync(_near)).Length);
    }

    [Fact]
    public async Task An_abort_fails_what_waits_at_both_ends()
    {
        var reading = _near.Input.ReadAsync().AsTask();
        _near.Output.GetMemory(16 * 1024 * 1024);
        _near.Output.Advance(16 * 1024 * 1024);
        var flushing = _near.Output.FlushAsync().AsTask();
        Assert.False(flushing.IsCompleted);
        _near.Abort(new ConnectionAbortedException());

        await Assert.ThrowsAsync<ConnectionResetException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsAsync<ConnectionResetException>(() => flushing.WaitAsync(Patience));
        await Assert.ThrowsAsync<ConnectionResetException>(() => ReadToEndAsync(_far).WaitAsync(Patience));
    }

    private static byte[] Bytes(int seed)
    {
        var bytes = new byte[4_000_000];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task WriteAsync(SocketConnection connection, byte[] bytes, int seed)
    {
        var random = new Random(seed);
        for (var at = 0; at < bytes.Length;)
        {
            var piece = bytes.AsMemory(at, Math.Min(random.Next(60_000), bytes.Length - at));
            at += piece.Length;
            if (random.Next(2) == 0)
            {
                await connection.Output.SendAsync(new ReadOnlySequence<byte>(piece));
            }
            else
            {
                await connection.Output.WriteAsync(piece);
            }
        }

        await connection.Output.CompleteAsync();
    }

    private static async Task<byte[]> ReadToEndAsync(SocketConnection connection)
    {
        using var received = new MemoryStream();
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            received.Write(read.Buffer.ToArray());
            connection.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return received.ToArray();
            }
        }
    }
}
