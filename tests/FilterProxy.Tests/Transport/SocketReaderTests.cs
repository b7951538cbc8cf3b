using System.Buffers;
using System.Text;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class SocketReaderTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SocketPair _pair = new();
    private readonly SocketReader _reader;

    public SocketReaderTests() => _reader = new SocketReader(_pair.Near);

    public void Dispose()
    {
        _pair.Dispose();
        _reader.Dispose();
    }

    [Fact]
    public async Task What_was_examined_but_not_consumed_comes_again_with_more()
    {
        Send("abc");
        var read = await ReadAsync();
        Assert.Equal("abc", Text(read.Buffer));
        _reader.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);
        Assert.False(_reader.TryRead(out _));

        var next = ReadAsync();
        Assert.False(next.IsCompleted);
        Send("d");

        Assert.Equal("bcd", Text((await next).Buffer));
    }

    [Fact]
    public async Task What_was_not_examined_comes_again_at_once()
    {
        Send("abc");
        var read = await ReadAsync();
        _reader.AdvanceTo(read.Buffer.GetPosition(1));

        Assert.True(_reader.TryRead(out var again));
        Assert.Equal("bc", Text(again.Buffer));
    }

    [Fact]
    public void Trying_to_read_an_empty_socket_gives_nothing() => Assert.False(_reader.TryRead(out _));

    [Fact]
    public async Task A_cancellation_before_the_read_cancels_it_once()
    {
        _reader.CancelPendingRead();
        var read = await ReadAsync();
        Assert.True(read.IsCanceled);
        _reader.AdvanceTo(read.Buffer.Start);

        Send("a");
        Assert.Equal("a", Text((await ReadAsync()).Buffer));
    }

    [Fact]
    public async Task A_cancellation_wakes_a_read_that_waits_and_the_bytes_come_to_the_next_one()
    {
        var waiting = ReadAsync();
        _reader.CancelPendingRead();
        var read = await waiting;
        Assert.True(read.IsCanceled);
        _reader.AdvanceTo(read.Buffer.Start);

        Send("abc");
        read = await ReadAsync();
        Assert.False(read.IsCanceled);
        Assert.Equal("abc", Text(read.Buffer));
    }

    [Fact]
    public async Task A_cancellation_is_never_lost_however_close_to_the_read_it_comes()
    {
        for (var i = 0; i < 2_000; i++)
        {
            using var start = new Barrier(2);
            var cancelling = Task.Run(() =>
            {
                start.SignalAndWait();
                _reader.CancelPendingRead();
            });
            start.SignalAndWait();
            var read = await ReadAsync();
            Assert.True(read.IsCanceled);
            _reader.AdvanceTo(read.Buffer.Start);
            await cancelling;
        }
    }

    [Fact]
    public async Task A_prefetch_serves_the_next_read()
    {
        _reader.Prefetch();
        Assert.False(_reader.HasNews);
        Send("abc");
        await Poll.UntilAsync(() => _reader.HasNews);

        Assert.True(_reader.TryRead(out var read));
        Assert.Equal("abc", Text(read.Buffer));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_prefetch_notices_that_the_other_side_has_left(bool reset)
    {
        _reader.Prefetch();
        if (reset)
        {
            _pair.ResetFar();
        }
        else
        {
            _pair.Far.Dispose();
        }

        await Poll.UntilAsync(() => _reader.HasNews);
    }

    [Fact]
    public async Task The_end_completes_the_read_with_the_last_bytes_and_every_read_after()
    {
        Send("abc");
        var read = await ReadAsync();
        _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        _pair.Far.Dispose();

        read = await ReadAsync();
        Assert.True(read.IsCompleted);
        Assert.Equal("abc", Text(read.Buffer));
        _reader.AdvanceTo(read.Buffer.End);
        Assert.True((await ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task A_reset_fails_the_read_under_way()
    {
        var waiting = ReadAsync();
        _pair.ResetFar();

        await Assert.ThrowsAsync<Microsoft.AspNetCore.Connections.ConnectionResetException>(() => waiting);
        Assert.True(_reader.HasNews);
    }

    [Fact]
    public async Task Closing_and_disposing_under_a_read_fails_it()
    {
        var waiting = ReadAsync();
        _pair.Near.Dispose();
        _reader.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => waiting);
    }

    [Fact]
    public async Task Disposing_with_a_prefetch_under_way_is_safe()
    {
        _reader.Prefetch();
        _pair.Near.Dispose();
        _reader.Dispose();

        await Poll.UntilAsync(() => _reader.HasNews);
    }

    [Fact]
    public async Task The_buffer_grows_while_nothing_is_consumed()
    {
        var sent = new byte[200_000];
        new Random(17).NextBytes(sent);
        var sending = Task.Run(() => _pair.Far.Send(sent));
        ReadOnlySequence<byte> all;
        while (true)
        {
            var read = await ReadAsync();
            all = read.Buffer;
            if (all.Length == sent.Length)
            {
                break;
            }

            _reader.AdvanceTo(all.Start, all.End);
        }

        await sending;
        Assert.Equal(sent, all.ToArray());
    }

    [Fact]
    public async Task Bytes_keep_their_order_through_reads_that_consume_and_examine_at_random()
    {
        var random = new Random(4711);
        var sent = new byte[500_000];
        random.NextBytes(sent);
        var sending = Task.Run(() =>
        {
            for (var at = 0; at < sent.Length;)
            {
                at += _pair.Far.Send(sent.AsSpan(at, Math.Min(1 + (at % 9_000), sent.Length - at)));
            }
        });
        using var received = new MemoryStream();
        while (received.Length < sent.Length)
        {
            var read = await ReadAsync();
            var consumed = read.Buffer.Slice(0, random.NextInt64(read.Buffer.Length + 1));

            // To examine everything is to wait for more, which must be still to come.
            var isLast = received.Length + read.Buffer.Length == sent.Length;
            received.Write(consumed.ToArray());
            _reader.AdvanceTo(consumed.End, !isLast && random.Next(2) == 0 ? read.Buffer.End : consumed.End);
        }

        await sending;
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public void A_warm_read_allocates_nothing()
    {
        var piece = "abc"u8.ToArray();
        void Once()
        {
            _pair.Far.Send(piece.AsSpan(), System.Net.Sockets.SocketFlags.None);
            var reading = _reader.ReadAsync();
            while (!reading.IsCompleted)
            {
                Thread.Yield();
            }

            _reader.AdvanceTo(reading.Result.Buffer.End);
        }

        Assert.Equal(0, Allocations.Of(Once));
    }

    private static string Text(in ReadOnlySequence<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private Task<System.IO.Pipelines.ReadResult> ReadAsync() => _reader.ReadAsync().AsTask().WaitAsync(Patience);

    private void Send(string text) => _pair.Far.Send(Encoding.Latin1.GetBytes(text));
}
