using System.IO.Pipelines;
using System.Text;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>What every pipe writer promises, whatever takes the bytes.</summary>
public abstract class PipeWriterContract : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>More than socket buffers hold.</summary>
    protected const int Flood = 16 * 1024 * 1024;

    private readonly WriterSide _side;

    protected PipeWriterContract(WriterSide side) => _side = side;

    protected PipeWriter Writer => _side.Writer;

    public void Dispose()
    {
        _side.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_written_goes_out_with_the_flush_in_its_order()
    {
        Write("abc");
        Write("");
        Write("def");
        Assert.Equal(6, Writer.UnflushedBytes);
        var flushed = await FlushAsync();

        Assert.False(flushed.IsCanceled);
        Assert.False(flushed.IsCompleted);
        Assert.Equal(0, Writer.UnflushedBytes);
        Assert.Equal("abcdef", await ReceiveAsync(6));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4_096)]
    [InlineData(5_000)]
    [InlineData(1_000_000)]
    public void There_is_always_as_much_room_as_was_asked_for(int size)
    {
        Assert.InRange(Writer.GetMemory(size).Length, Math.Max(1, size), int.MaxValue);
        Assert.InRange(Writer.GetSpan(size).Length, Math.Max(1, size), int.MaxValue);
        Writer.Advance(1);
        Assert.InRange(Writer.GetSpan(size).Length, Math.Max(1, size), int.MaxValue);
    }

    [Fact]
    public void No_negative_room_may_be_asked_for()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Writer.GetMemory(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Writer.GetSpan(-1));
    }

    [Fact]
    public async Task No_more_may_be_counted_as_written_than_there_was_room_for()
    {
        var room = Writer.GetMemory(10).Length;
        Assert.Throws<ArgumentOutOfRangeException>(() => Writer.Advance(room + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Writer.Advance(-1));

        Writer.Advance(0);
        Write("abc");
        await FlushAsync();
        Assert.Equal("abc", await ReceiveAsync(3));
    }

    [Fact]
    public async Task Less_may_be_written_than_there_is_room_for()
    {
        foreach (var piece in new[] { "a", "bc", "def" })
        {
            var room = Writer.GetMemory(10_000);
            Encoding.Latin1.GetBytes(piece, room.Span);
            Writer.Advance(piece.Length);
        }

        await FlushAsync();
        Assert.Equal("abcdef", await ReceiveAsync(6));
    }

    [Fact]
    public void A_flush_of_nothing_does_not_wait()
    {
        var flush = Writer.FlushAsync();

        Assert.True(flush.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Pieces_of_all_sizes_keep_their_order(int seed)
    {
        var random = new Random(seed);
        var sent = new byte[2_000_000];
        random.NextBytes(sent);
        var receiving = _side.ReceiveAsync(sent.Length);
        for (var at = 0; at < sent.Length;)
        {
            var piece = sent.AsMemory(at, Math.Min(random.Next(random.Next(40_000) + 1), sent.Length - at));
            piece.CopyTo(Writer.GetMemory(piece.Length));
            Writer.Advance(piece.Length);
            at += piece.Length;
            if (random.Next(4) == 0)
            {
                await FlushAsync();
            }
        }

        await FlushAsync();
        Assert.Equal(sent, await receiving.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_flush_waits_while_the_peer_takes_nothing_and_ends_when_it_does()
    {
        var sent = WriteFlood();
        var flush = FlushAsync();
        Assert.False(flush.IsCompleted);

        AssertSame(sent, await _side.ReceiveAsync(sent.Length).WaitAsync(Patience));
        Assert.False((await flush).IsCanceled);
    }

    [Fact]
    public async Task Writing_goes_on_while_a_flush_waits_and_comes_behind_it()
    {
        var sent = WriteFlood();
        var flush = FlushAsync();
        Assert.False(flush.IsCompleted);
        Write(new string('x', Flood / 2));
        Write("end");

        AssertSame(sent, await _side.ReceiveAsync(sent.Length).WaitAsync(Patience));
        await flush;
        flush = FlushAsync();
        AssertSame([.. Enumerable.Repeat((byte)'x', Flood / 2), .. "end"u8], await _side.ReceiveAsync((Flood / 2) + 3).WaitAsync(Patience));
        await flush;
    }

    [Fact]
    public async Task A_second_flush_while_one_waits_is_refused()
    {
        WriteFlood();
        var flush = FlushAsync();
        Assert.False(flush.IsCompleted);

        await Assert.ThrowsAsync<InvalidOperationException>(FlushAsync);
        _ = flush.ContinueWith(static t => t.Exception, TaskScheduler.Default);
    }

    [Fact]
    public async Task A_cancellation_ends_the_flush_that_waits_and_the_bytes_go_out_all_the_same()
    {
        var sent = WriteFlood();
        var flush = FlushAsync();
        Writer.CancelPendingFlush();
        Assert.True((await flush).IsCanceled);
        Write("end");

        var next = FlushAsync();
        AssertSame(sent, await _side.ReceiveAsync(sent.Length).WaitAsync(Patience));
        Assert.False((await next).IsCanceled);
        Assert.Equal("end", await ReceiveAsync(3));
    }

    [Fact]
    public async Task A_cancellation_before_a_flush_shows_in_that_one_and_no_other()
    {
        Write("abc");
        Writer.CancelPendingFlush();
        Writer.CancelPendingFlush();
        Assert.True((await FlushAsync()).IsCanceled);
        Assert.Equal("abc", await ReceiveAsync(3));

        Write("def");
        Assert.False((await FlushAsync()).IsCanceled);
        Assert.Equal("def", await ReceiveAsync(3));
    }

    [Fact]
    public async Task A_token_cancelled_before_refuses_the_flush_and_what_is_written_waits_for_the_next()
    {
        Write("abc");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FlushAsync(new CancellationToken(canceled: true)));
        Write("def");

        Assert.False((await FlushAsync()).IsCanceled);
        Assert.Equal("abcdef", await ReceiveAsync(6));
    }

    [Fact]
    public async Task A_token_cancelled_meanwhile_fails_the_flush_and_the_writer_goes_on()
    {
        using var source = new CancellationTokenSource();
        var sent = WriteFlood();
        var flush = FlushAsync(source.Token);
        Assert.False(flush.IsCompleted);
        await source.CancelAsync();
        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush);
        Assert.Equal(source.Token, failure.CancellationToken);
        Write("end");

        var next = FlushAsync();
        AssertSame(sent, await _side.ReceiveAsync(sent.Length).WaitAsync(Patience));
        Assert.False((await next).IsCanceled);
        Assert.Equal("end", await ReceiveAsync(3));
    }

    [Fact]
    public async Task Completing_sends_what_is_written_and_ends_the_stream()
    {
        Write("abc");
        await FlushAsync();
        Write("def");
        Writer.Complete();
        Writer.Complete(new IOException("late"));
        await Writer.CompleteAsync();

        var (bytes, orderly) = await _side.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.Equal("abcdef", Encoding.Latin1.GetString(bytes));
        Assert.True(orderly);
    }

    [Fact]
    public async Task Completing_behind_a_flush_that_was_cancelled_sends_everything_before_the_end()
    {
        var sent = WriteFlood();
        var flush = FlushAsync();
        Writer.CancelPendingFlush();
        await flush;
        Write("end");
        Writer.Complete();

        var (bytes, orderly) = await _side.ReceiveToEndAsync().WaitAsync(Patience);
        Assert.True(orderly);
        AssertSame([.. sent, .. "end"u8], bytes);
    }

    [Fact]
    public async Task Completing_with_an_exception_is_no_orderly_end()
    {
        Write("abc");
        await FlushAsync();
        Writer.Complete(new IOException("broken off"));

        Assert.False((await _side.ReceiveToEndAsync().WaitAsync(Patience)).Orderly);
    }

    [Fact]
    public void A_completed_writer_takes_nothing_more()
    {
        Write("abc");
        Writer.Complete();

        Assert.ThrowsAny<InvalidOperationException>(() => Writer.GetMemory(1));
        Assert.ThrowsAny<InvalidOperationException>(() => Writer.GetSpan());
    }

    [Fact]
    public async Task A_peer_that_left_ends_the_flush_that_waits()
    {
        WriteFlood();
        var flush = FlushAsync();
        Assert.False(flush.IsCompleted);
        _side.Leave();

        Assert.True(await SaysGoneAsync(() => flush));
    }

    [Fact]
    public async Task A_peer_that_left_shows_in_a_later_flush()
    {
        _side.Leave();
        for (var i = 0; i < 1_000; i++)
        {
            Write("abc");
            if (await SaysGoneAsync(FlushAsync))
            {
                return;
            }

            await Task.Delay(1);
        }

        Assert.Fail("Nobody receives, and no flush says so.");
    }

    /// <summary>Whether a flush says that nobody receives any more.</summary>
    protected virtual async Task<bool> SaysGoneAsync(Func<Task<FlushResult>> flush) => (await flush()).IsCompleted;

    protected Task<FlushResult> FlushAsync() => FlushAsync(CancellationToken.None);

    protected async Task<FlushResult> FlushAsync(CancellationToken cancel) => await Writer.FlushAsync(cancel).AsTask().WaitAsync(Patience, CancellationToken.None);

    protected void Write(string text)
    {
        Encoding.Latin1.GetBytes(text, Writer.GetSpan(text.Length));
        Writer.Advance(text.Length);
    }

    protected async Task<string> ReceiveAsync(int count) => Encoding.Latin1.GetString(await _side.ReceiveAsync(count).WaitAsync(Patience));

    /// <summary>As Equal, in reasonable time for many bytes.</summary>
    protected static void AssertSame(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual), "The bytes differ.");

    /// <summary>Writes more than fits anywhere.</summary>
    protected byte[] WriteFlood()
    {
        var bytes = new byte[Flood];
        new Random(5).NextBytes(bytes);
        bytes.CopyTo(Writer.GetMemory(bytes.Length));
        Writer.Advance(bytes.Length);
        return bytes;
    }
}
