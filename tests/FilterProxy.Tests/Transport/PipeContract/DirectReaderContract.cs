using System.Buffers;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The contract on the direct transport, and where it differs.</summary>
public abstract class DirectReaderContract : PipeReaderCancellationContract
{
    private readonly DirectReaderSide _side;

    protected DirectReaderContract(bool onOwnLoop)
        : this(new DirectReaderSide(onOwnLoop ? EpollLoop.Next() : null))
    {
    }

    private DirectReaderContract(DirectReaderSide side)
        : base(side) => _side = side;

    [Fact]
    public async Task Trying_receives_nothing_by_itself()
    {
        await SendAsync("abc");
        Assert.True(_side.Near.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));

        Assert.False(Reader.TryRead(out _));
        Assert.Equal("abc", Text((await ReadAsync()).Buffer));
    }

    [Fact]
    public async Task What_was_examined_may_be_called_unexamined_again()
    {
        var read = await ArriveAsync("abc");
        Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        await SendAsync("d");
        read = await ReadAsync();
        Reader.AdvanceTo(read.Buffer.Start);

        Assert.Equal("abcd", Text(AtOnce().Buffer));
    }

    [Fact]
    public async Task Positions_beyond_the_result_are_refused()
    {
        var read = await ArriveAsync("abc");
        var far = read.Buffer.End;
        Reader.AdvanceTo(read.Buffer.GetPosition(2));
        AtOnce();

        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(new SequencePosition(far.GetObject(), 4)));
        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(new SequencePosition(far.GetObject(), 1)));
    }

    [Fact]
    public void Nothing_may_be_given_back_before_the_first_read() =>
        Assert.Throws<InvalidOperationException>(() => Reader.AdvanceTo(new ReadOnlySequence<byte>(new byte[1]).Start));

    [Fact]
    public async Task Completing_tells_the_peer_nothing()
    {
        Reader.Complete();

        await SendAsync("abc");
        Assert.False(_side.Far.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task Completing_with_a_receive_under_way_is_safe()
    {
        var waiting = ReadAsync();
        Reader.CancelPendingRead();
        Reader.AdvanceTo((await waiting).Buffer.Start);
        Reader.Complete();

        await SendAsync("abc");
        await Assert.ThrowsAsync<InvalidOperationException>(ReadAsync);
    }

    [Fact]
    public async Task Closing_fails_the_read_that_waits()
    {
        var waiting = ReadAsync();
        _side.Abort();

        await Assert.ThrowsAsync<ConnectionResetException>(() => waiting);
        await Assert.ThrowsAsync<ConnectionResetException>(ReadAsync);
    }

    [Fact]
    public async Task Reading_after_everything_is_disposed_fails()
    {
        _side.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(ReadAsync);
    }

    [Fact]
    public async Task A_receive_that_was_filled_makes_the_next_one_large_and_a_small_one_small_again()
    {
        await SendAsync(new string('a', DirectReader.SmallBufferSize + 1));
        Assert.Equal(DirectReader.SmallBufferSize, await SizeAsync());
        await SendAsync(new string('b', DirectReader.SmallBufferSize));
        Assert.Equal(DirectReader.LargeBufferSize, await SizeAsync());
        await FlushAsync();
        await SendAsync("abc");
        Assert.Equal(DirectReader.SmallBufferSize, await SizeAsync());

        async Task<int> SizeAsync()
        {
            var read = await ReadAsync();
            Reader.AdvanceTo(read.Buffer.End);
            return ((byte[])read.Buffer.Start.GetObject()!).Length;
        }

        // A few bytes alone end the large receives.
        async Task FlushAsync()
        {
            await SendAsync("abc");
            while ((await ReadAsync()).Buffer is var buffer)
            {
                var isLast = buffer.Slice(buffer.GetPosition(buffer.Length - 1)).FirstSpan[0] == 'c';
                Reader.AdvanceTo(buffer.End);
                if (isLast)
                {
                    break;
                }
            }

            await SendAsync("d");
            Reader.AdvanceTo((await ReadAsync()).Buffer.End);
        }
    }
}
