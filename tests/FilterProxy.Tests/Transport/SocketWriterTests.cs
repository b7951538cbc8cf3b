using System.Buffers;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class SocketWriterTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SocketPair _pair = new();
    private readonly SocketWriter _writer;

    public SocketWriterTests() => _writer = new SocketWriter(_pair.Near);

    public void Dispose()
    {
        _pair.Dispose();
        _writer.Dispose();
    }

    [Fact]
    public async Task What_is_written_goes_out_with_the_flush()
    {
        Write("abc"u8);
        Assert.Equal(3, _writer.UnflushedBytes);
        await FlushAsync();

        Assert.Equal(0, _writer.UnflushedBytes);
        Assert.Equal("abc"u8.ToArray(), Receive(3));
    }

    [Fact]
    public async Task Writing_more_than_the_buffer_keeps_everything_in_order()
    {
        var bytes = new byte[100_000];
        new Random(3).NextBytes(bytes);
        for (var at = 0; at < bytes.Length; at += 1_000)
        {
            Write(bytes.AsSpan(at, 1_000));
        }

        var received = Task.Run(() => Receive(bytes.Length));
        await FlushAsync();
        Assert.Equal(bytes, await received);
    }

    [Fact]
    public async Task A_large_send_to_a_slow_reader_waits_and_arrives_whole()
    {
        var bytes = new byte[16 * 1024 * 1024];
        new Random(5).NextBytes(bytes);
        Write("head"u8);
        var sending = _writer.SendAsync(new ReadOnlySequence<byte>(bytes)).AsTask();
        Assert.False(sending.IsCompleted);

        var received = await Task.Run(() => Receive(bytes.Length + 4));
        await sending.WaitAsync(Patience);

        Assert.Equal("head"u8.ToArray(), received[..4]);
        Assert.True(bytes.AsSpan().SequenceEqual(received.AsSpan(4)));
    }

    [Fact]
    public async Task Completing_ends_the_stream_and_reading_goes_on()
    {
        Write("abc"u8);
        await FlushAsync();
        _writer.Complete();
        _writer.Complete();

        Assert.Equal("abc"u8.ToArray(), Receive(3));
        Assert.Equal(0, _pair.Far.Receive(new byte[1]));
        _pair.Far.Send("def"u8);
        Assert.Equal(3, _pair.Near.Receive(new byte[8]));
    }

    [Fact]
    public async Task A_send_that_waits_fails_when_the_socket_is_closed()
    {
        var sending = _writer.SendAsync(new ReadOnlySequence<byte>(new byte[16 * 1024 * 1024])).AsTask();
        Assert.False(sending.IsCompleted);
        _pair.Near.Dispose();
        _writer.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => sending.WaitAsync(Patience));
        Assert.True(sending.IsCompleted);
    }

    [Fact]
    public async Task A_send_after_the_close_fails()
    {
        _pair.Near.Dispose();
        Write("abc"u8);

        await Assert.ThrowsAsync<Microsoft.AspNetCore.Connections.ConnectionResetException>(FlushAsync);
    }

    [Fact]
    public void A_warm_flush_allocates_nothing()
    {
        var buffer = new byte[64];
        void Once()
        {
            Write("abc"u8);
            _writer.FlushAsync().GetAwaiter().GetResult();
            _pair.Far.Receive(buffer.AsSpan(), SocketFlags.None);
        }

        Assert.Equal(0, Allocations.Of(Once));
    }

    private Task FlushAsync() => _writer.FlushAsync().AsTask().WaitAsync(Patience);

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_writer.GetSpan(bytes.Length));
        _writer.Advance(bytes.Length);
    }

    private byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            at += _pair.Far.Receive(bytes.AsSpan(at)) is > 0 and var read ? read : throw new IOException("ended");
        }

        return bytes;
    }
}
