using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>What every pipe reader promises about bytes and positions, whatever carries them.</summary>
public abstract class PipeReaderContract : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly ReaderSide _side;

    protected PipeReaderContract(ReaderSide side) => _side = side;

    protected PipeReader Reader => _side.Reader;

    public void Dispose()
    {
        _side.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_is_consumed_is_gone_and_the_rest_comes_again_at_once()
    {
        var read = await ArriveAsync("abcd");
        Reader.AdvanceTo(read.Buffer.GetPosition(1));

        Assert.Equal("bcd", Text(AtOnce().Buffer));
    }

    [Fact]
    public async Task What_is_examined_whole_comes_again_only_with_more()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);
        Assert.False(Reader.TryRead(out _));
        var next = ReadAsync();
        Assert.False(next.IsCompleted);

        await SendAsync("d");

        Assert.Equal("bcd", Text((await next).Buffer));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(1, 3)]
    [InlineData(3, 3)]
    public async Task What_is_not_examined_whole_comes_again_at_once(int consumed, int examined)
    {
        var read = await ArriveAsync("abcd");
        Reader.AdvanceTo(read.Buffer.GetPosition(consumed), read.Buffer.GetPosition(examined));

        Assert.Equal("abcd"[consumed..], Text(AtOnce().Buffer));
    }

    [Fact]
    public async Task Nothing_may_be_given_back_that_was_not_read()
    {
        var read = await ArriveAsync("abc");
        var start = read.Buffer.Start;
        Reader.AdvanceTo(start);

        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(start));
    }

    [Fact]
    public async Task No_less_may_be_examined_than_consumed()
    {
        var read = await ArriveAsync("abc");

        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(read.Buffer.GetPosition(2), read.Buffer.GetPosition(1)));
    }

    [Fact]
    public async Task A_result_must_be_given_back_before_the_next_read()
    {
        await ArriveAsync("abc");

        await Assert.ThrowsAsync<InvalidOperationException>(ReadAsync);
        Assert.Throws<InvalidOperationException>(() => Reader.TryRead(out _));
    }

    [Fact]
    public async Task Trying_is_refused_while_a_read_waits_and_the_read_goes_on()
    {
        var waiting = ReadAsync();

        Assert.Throws<InvalidOperationException>(() => Reader.TryRead(out _));
        await SendAsync("abc");
        Assert.Equal("abc", Text((await waiting).Buffer));
    }

    [Fact]
    public async Task A_second_read_while_one_waits_is_refused()
    {
        var waiting = ReadAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(ReadAsync);
        _ = waiting.ContinueWith(static t => t.Exception, TaskScheduler.Default);
    }

    [Fact]
    public async Task Trying_gives_nothing_then_something_then_the_end()
    {
        Assert.False(Reader.TryRead(out _));

        await SendAsync("abc");
        var read = await TryAsync();
        Assert.Equal("abc", Text(read.Buffer));
        Assert.False(read.IsCompleted);
        Reader.AdvanceTo(read.Buffer.End);
        Assert.False(Reader.TryRead(out _));

        _side.End();
        read = await TryAsync();
        Assert.True(read.IsCompleted);
        Assert.True(read.Buffer.IsEmpty);
        Reader.AdvanceTo(read.Buffer.End);
    }

    [Fact]
    public async Task A_read_of_at_least_so_many_bytes_waits_for_them()
    {
        var reading = Reader.ReadAtLeastAsync(6).AsTask().WaitAsync(Patience);
        await SendAsync("abc");
        Assert.False(reading.IsCompleted);
        await SendAsync("def");

        Assert.Equal("abcdef", Text((await reading).Buffer));
    }

    [Fact]
    public async Task A_read_of_at_least_so_many_bytes_gives_fewer_at_the_end()
    {
        var reading = Reader.ReadAtLeastAsync(6).AsTask().WaitAsync(Patience);
        await SendAsync("abc");
        _side.End();

        var read = await reading;
        Assert.True(read.IsCompleted);
        Assert.Equal("abc", Text(read.Buffer));
    }

    [Fact]
    public async Task A_read_of_at_least_so_many_bytes_that_are_there_does_not_wait()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.Start);

        var again = Reader.ReadAtLeastAsync(2);
        Assert.True(again.IsCompleted);
        Assert.Equal("abc", Text((await again).Buffer));
    }

    [Fact]
    public async Task The_end_comes_with_or_after_the_last_bytes_and_stays()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        _side.End();

        read = await ReadAsync();
        Assert.True(read.IsCompleted);
        Assert.Equal("abc", Text(read.Buffer));
        Reader.AdvanceTo(read.Buffer.End);
        for (var i = 0; i < 3; i++)
        {
            read = await ReadAsync();
            Assert.True(read.IsCompleted);
            Assert.True(read.Buffer.IsEmpty);
            Reader.AdvanceTo(read.Buffer.End);
        }
    }

    [Fact]
    public async Task A_read_that_waits_ends_with_the_stream()
    {
        var waiting = ReadAsync();
        _side.End();

        Assert.True((await waiting).IsCompleted);
    }

    [Fact]
    public async Task A_stream_that_is_broken_off_fails_the_read_that_waits_and_every_one_after()
    {
        var waiting = ReadAsync();
        _side.Fail();

        await Assert.ThrowsAnyAsync<IOException>(() => waiting);
        await Assert.ThrowsAnyAsync<IOException>(ReadAsync);
        await Assert.ThrowsAnyAsync<IOException>(ReadAsync);
        Assert.ThrowsAny<IOException>(() => Reader.TryRead(out _));
    }

    [Fact]
    public async Task Bytes_split_at_every_position_come_whole()
    {
        const string Line = "GET / HTTP/1.1\n";
        for (var at = 1; at < Line.Length; at++)
        {
            await SendAsync(Line[..at]);
            var rest = at;
            while (true)
            {
                var read = await ReadAsync();
                if (read.Buffer.PositionOf((byte)'\n') is { } end)
                {
                    Assert.Equal(Line, Text(read.Buffer));
                    Reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                    break;
                }

                Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (rest < Line.Length)
                {
                    await SendAsync(Line[rest..]);
                    rest = Line.Length;
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4711)]
    public async Task Bytes_keep_their_order_while_another_thread_sends(int seed)
    {
        var random = new Random(seed);
        var sent = new byte[1_000_000];
        random.NextBytes(sent);
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < sent.Length;)
            {
                var piece = sent[at..Math.Min(at + 1 + (at % 30_000), sent.Length)];
                await _side.SendAsync(piece);
                at += piece.Length;
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
            Reader.AdvanceTo(consumed.End, isLast ? consumed.End : read.Buffer.End);
        }

        await sending;
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task What_is_not_consumed_gathers_however_much_it_is()
    {
        var sent = new byte[300_000];
        new Random(17).NextBytes(sent);
        var sending = _side.SendAsync(sent);

        var read = await Reader.ReadAtLeastAsync(sent.Length).AsTask().WaitAsync(Patience);

        await sending;
        Assert.Equal(sent, read.Buffer.ToArray());
    }

    [Fact]
    public async Task A_completed_reader_refuses_everything_but_to_be_completed_again()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.Start);
        Reader.Complete();
        Reader.Complete(new IOException("late"));
        await Reader.CompleteAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(ReadAsync);
        Assert.Throws<InvalidOperationException>(() => Reader.TryRead(out _));
        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(read.Buffer.End));
        Reader.CancelPendingRead();
    }

    protected static string Text(in ReadOnlySequence<byte> bytes) => Encoding.Latin1.GetString(bytes);

    protected Task SendAsync(string text) => _side.SendAsync(Encoding.Latin1.GetBytes(text));

    protected Task<ReadResult> ReadAsync() => ReadAsync(CancellationToken.None);

    protected async Task<ReadResult> ReadAsync(CancellationToken cancel) => await Reader.ReadAsync(cancel).AsTask().WaitAsync(Patience, CancellationToken.None);

    /// <summary>The next read, which must not wait.</summary>
    protected ReadResult AtOnce()
    {
        var reading = Reader.ReadAsync();
        Assert.True(reading.IsCompleted);
#pragma warning disable xUnit1031 // It is completed.
        return reading.GetAwaiter().GetResult();
#pragma warning restore xUnit1031
    }

    /// <summary>Sends a text and reads exactly that.</summary>
    protected async Task<ReadResult> ArriveAsync(string text)
    {
        await SendAsync(text);
        var read = await ReadAsync();
        Assert.Equal(text, Text(read.Buffer));
        return read;
    }

    private async Task<ReadResult> TryAsync()
    {
        ReadResult read = default;
        await Poll.UntilAsync(() =>
        {
            _side.Pump();
            return Reader.TryRead(out read);
        });
        return read;
    }
}
