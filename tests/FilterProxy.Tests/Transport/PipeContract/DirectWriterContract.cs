using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on the direct transport, where it differs, and sending sequences from where they are.</summary>
public abstract class DirectWriterContract : PipeWriterContract
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly DirectWriterSide _side;

    protected DirectWriterContract(bool onOwnLoop)
        : this(new DirectWriterSide(onOwnLoop ? EpollLoop.Next() : null))
    {
    }

    private DirectWriterContract(DirectWriterSide side)
        : base(side) => _side = side;

    [Fact]
    public async Task Closing_fails_the_flush_that_waits_and_every_one_after()
    {
        WriteFlood();
        var flush = FlushAsync();
        Assert.False(flush.IsCompleted);
        _side.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => flush);
        await Assert.ThrowsAsync<ConnectionResetException>(FlushAsync);
    }

    [Fact]
    public async Task A_flush_that_was_cancelled_and_then_failed_fails_the_next()
    {
        WriteFlood();
        var flush = FlushAsync();
        Writer.CancelPendingFlush();
        await flush;
        _side.Leave();

        await Assert.ThrowsAsync<ConnectionResetException>(FlushAsync);
    }

    [Fact]
    public async Task Completing_ends_one_direction_only()
    {
        Writer.Complete();
        Assert.Empty((await _side.ReceiveToEndAsync()).Bytes);

        _side.Far.Send("abc"u8);
        Assert.Equal(3, await _side.Near.ReceiveAsync(new byte[8]));
    }

    [Fact]
    public async Task Completing_with_an_exception_ends_both_directions()
    {
        Writer.Complete(new IOException("broken off"));

        Assert.False((await _side.ReceiveToEndAsync()).Orderly);
        await Assert.ThrowsAnyAsync<Exception>(() => _side.Near.ReceiveAsync(new byte[8]));
    }

    [Fact]
    public async Task Disposing_while_bytes_are_on_their_way_is_safe()
    {
        WriteFlood();
        var flush = FlushAsync();
        _side.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => flush);
        Assert.ThrowsAny<InvalidOperationException>(() => Writer.GetMemory());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Sequences_and_written_bytes_keep_their_order(int seed)
    {
        var random = new Random(seed);
        var sent = new byte[3_000_000];
        random.NextBytes(sent);
        var receiving = _side.ReceiveAsync(sent.Length);
        for (var at = 0; at < sent.Length;)
        {
            var piece = sent.AsMemory(at, Math.Min(random.Next(random.Next(100_000) + 1), sent.Length - at));
            at += piece.Length;
            switch (random.Next(4))
            {
                case 0:
                    await SendAsync(new ReadOnlySequence<byte>(piece));
                    break;

                case 1:
                    await SendAsync(Cut(piece, random));
                    break;

                case 2:
                    piece.CopyTo(Writer.GetMemory(piece.Length));
                    Writer.Advance(piece.Length);
                    break;

                default:
                    piece.CopyTo(Writer.GetMemory(piece.Length));
                    Writer.Advance(piece.Length);
                    await FlushAsync();
                    break;
            }
        }

        await FlushAsync();
        Assert.Equal(sent, await receiving.WaitAsync(Patience));
    }

    [Fact]
    public async Task An_empty_sequence_sends_what_is_written()
    {
        Write("abc");
        await SendAsync(ReadOnlySequence<byte>.Empty);

        Assert.Equal("abc", await ReceiveAsync(3));
        Assert.Equal(0, Writer.UnflushedBytes);
    }

    [Fact]
    public async Task A_small_sequence_goes_out_in_one_piece_with_what_is_written()
    {
        Write("head");
        await SendAsync(new ReadOnlySequence<byte>("body"u8.ToArray()));

        var buffer = new byte[100];
        Assert.Equal(8, await _side.Far.ReceiveAsync(buffer));
        Assert.Equal("headbody", Encoding.Latin1.GetString(buffer.AsSpan(0, 8)));
    }

    [Fact]
    public async Task A_cancellation_does_not_end_the_sending_of_a_sequence_but_the_next_flush()
    {
        var sent = new byte[Flood];
        Write("head");
        var sending = SendAsync(new ReadOnlySequence<byte>(sent));
        Assert.False(sending.IsCompleted);
        Writer.CancelPendingFlush();
        Writer.CancelPendingFlush();
        Assert.False(sending.IsCompleted);

        await _side.ReceiveAsync(sent.Length + 4).WaitAsync(Patience);
        await sending;
        Write("end");
        Assert.True((await FlushAsync()).IsCanceled);
        Assert.Equal("end", await ReceiveAsync(3));
    }

    [Fact]
    public async Task A_sequence_comes_behind_a_flush_that_was_cancelled()
    {
        var sent = WriteFlood();
        var flush = FlushAsync();
        Writer.CancelPendingFlush();
        await flush;
        Write("head");
        var sending = SendAsync(new ReadOnlySequence<byte>(new byte[100_000]));

        AssertSame(sent, await _side.ReceiveAsync(sent.Length).WaitAsync(Patience));
        Assert.Equal("head", await ReceiveAsync(4));
        await ReceiveAsync(100_000);
        await sending;
    }

    [Fact]
    public async Task A_token_cancelled_before_refuses_a_sequence_and_sends_nothing_of_it()
    {
        var refused = _side.Direct.SendAsync(new ReadOnlySequence<byte>(new byte[10_000]), new CancellationToken(canceled: true)).AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => refused);

        Write("abc");
        await FlushAsync();
        Assert.Equal("abc", await ReceiveAsync(3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sequence_on_its_way_fails_when_the_connection_breaks(bool byPeer)
    {
        var sending = SendAsync(new ReadOnlySequence<byte>(new byte[Flood]));
        Assert.False(sending.IsCompleted);
        if (byPeer)
        {
            _side.Leave();
        }
        else
        {
            _side.Abort();
        }

        await Assert.ThrowsAsync<ConnectionResetException>(() => sending);
    }

    protected override async Task<bool> SaysGoneAsync(Func<Task<FlushResult>> flush)
    {
        try
        {
            Assert.False((await flush()).IsCompleted);
            return false;
        }
        catch (ConnectionResetException)
        {
            return true;
        }
    }

    private Task SendAsync(ReadOnlySequence<byte> data) => _side.Direct.SendAsync(data).AsTask().WaitAsync(Patience);

    private static ReadOnlySequence<byte> Cut(ReadOnlyMemory<byte> bytes, Random random)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        var last = first;
        while (bytes.Length > 0)
        {
            var length = random.Next(1 + Math.Min(bytes.Length, 30_000));
            last = new Segment(bytes[..length], last);
            bytes = bytes[length..];
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
