using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>What every pipe reader promises about reads that are cancelled, whatever carries the bytes.</summary>
public abstract class PipeReaderCancellationContract(ReaderSide side) : PipeReaderContract(side)
{
    [Fact]
    public async Task A_cancellation_before_a_read_ends_that_one_and_no_other()
    {
        Reader.CancelPendingRead();
        Reader.CancelPendingRead();
        var read = AtOnce();
        Assert.True(read.IsCanceled);
        Assert.False(read.IsCompleted);
        Reader.AdvanceTo(read.Buffer.Start);

        Assert.False((await ArriveAsync("abc")).IsCanceled);
    }

    [Fact]
    public async Task A_cancellation_wakes_the_read_that_waits_and_no_bytes_are_lost()
    {
        var waiting = ReadAsync();
        Reader.CancelPendingRead();
        var read = await waiting;
        Assert.True(read.IsCanceled);
        Assert.True(read.Buffer.IsEmpty);
        Reader.AdvanceTo(read.Buffer.Start);

        Assert.False((await ArriveAsync("abc")).IsCanceled);
    }

    [Fact]
    public async Task A_cancellation_after_a_read_ends_the_next_one_and_shows_what_is_there()
    {
        var read = await ArriveAsync("abc");
        Reader.CancelPendingRead();
        Reader.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.End);

        read = AtOnce();
        Assert.True(read.IsCanceled);
        Assert.Equal("bc", Text(read.Buffer));
        Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        await SendAsync("d");
        read = await ReadAsync();
        Assert.False(read.IsCanceled);
        Assert.Equal("bcd", Text(read.Buffer));
    }

    [Fact]
    public void A_cancellation_shows_to_who_tries_as_well()
    {
        Reader.CancelPendingRead();

        Assert.True(Reader.TryRead(out var read));
        Assert.True(read.IsCanceled);
        Reader.AdvanceTo(read.Buffer.Start);
        Assert.False(Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_cancellation_ends_a_read_of_at_least_so_many_bytes()
    {
        var reading = Reader.ReadAtLeastAsync(6).AsTask();
        await SendAsync("abc");
        Reader.CancelPendingRead();

        var read = await reading.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(read.IsCanceled);
        Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
    }

    [Fact]
    public async Task A_cancellation_is_never_lost_however_close_to_the_read_it_comes()
    {
        for (var i = 0; i < 1_000; i++)
        {
            using var start = new Barrier(2);
            var cancelling = Task.Run(() =>
            {
                start.SignalAndWait();
                Reader.CancelPendingRead();
            });
            start.SignalAndWait();
            var read = await ReadAsync();
            Assert.True(read.IsCanceled);
            Reader.AdvanceTo(read.Buffer.Start);
            await cancelling;
        }
    }

    [Fact]
    public async Task A_token_cancelled_before_refuses_the_read_even_when_bytes_are_there()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.Start);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(new CancellationToken(canceled: true)));
        Assert.Equal("abc", Text(AtOnce().Buffer));
    }

    [Fact]
    public async Task A_token_cancelled_meanwhile_fails_the_read_and_the_reader_goes_on()
    {
        using var source = new CancellationTokenSource();
        var waiting = ReadAsync(source.Token);
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        var failure = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(source.Token, failure.CancellationToken);

        Assert.False((await ArriveAsync("abc")).IsCanceled);
    }

    [Fact]
    public async Task A_token_cancelled_later_cancels_no_other_read()
    {
        using var source = new CancellationTokenSource();
        var waiting = ReadAsync(source.Token);
        await SendAsync("abc");
        var read = await waiting;
        await source.CancelAsync();
        Reader.AdvanceTo(read.Buffer.GetPosition(1));

        Assert.False(AtOnce().IsCanceled);
    }

    [Fact]
    public async Task A_token_cancelled_while_bytes_arrive_cancels_its_own_read_or_none()
    {
        for (var i = 0; i < 500; i++)
        {
            using var source = new CancellationTokenSource();
            using var start = new Barrier(2);
            var waiting = ReadAsync(source.Token);
            var cancelling = Task.Run(() =>
            {
                start.SignalAndWait();
                source.Cancel();
            });
            start.SignalAndWait();
            await SendAsync("a");
            try
            {
                var own = await waiting;
                Assert.False(own.IsCanceled);
                Reader.AdvanceTo(own.Buffer.Start);
            }
            catch (OperationCanceledException)
            {
                // Its own.
            }

            await cancelling;
            var read = await ReadAsync();
            Assert.False(read.IsCanceled);
            Assert.Equal("a", Text(read.Buffer));
            Reader.AdvanceTo(read.Buffer.End);
        }
    }
}
