using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class SocketConnectionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_asks_for_the_token_after_the_end_gets_a_cancelled_one(bool onOwnLoop)
    {
        using var pair = new SocketPair();
        await using var connection = Open(pair, onOwnLoop);
        var reading = connection.Input.ReadAsync();
        pair.Far.Dispose();
        Assert.True((await reading).IsCompleted);

        await Poll.UntilAsync(() => connection.ConnectionClosed.IsCancellationRequested);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_end_cancels_the_token_and_tells_the_watcher(bool onOwnLoop)
    {
        using var pair = new SocketPair();
        await using var connection = Open(pair, onOwnLoop);
        var watcher = new Watcher();
        var closed = connection.ConnectionClosed;
        connection.Watcher = watcher;
        Assert.Equal((false, 0), (closed.IsCancellationRequested, watcher.Told));

        var reading = connection.Input.ReadAsync();
        pair.Far.Dispose();
        Assert.True((await reading).IsCompleted);

        await Poll.UntilAsync(() => closed.IsCancellationRequested && watcher.Told > 0);
    }

    [Fact]
    public async Task A_watcher_that_comes_late_is_told_at_once_and_one_that_left_never()
    {
        using var pair = new SocketPair();
        await using var connection = Open(pair, onOwnLoop: false);
        var (left, late) = (new Watcher(), new Watcher());
        connection.Watcher = left;
        connection.Watcher = null;
        var reading = connection.Input.ReadAsync();
        pair.Far.Dispose();
        Assert.True((await reading).IsCompleted);
        await Poll.UntilAsync(() => connection.ConnectionClosed.IsCancellationRequested);

        connection.Watcher = late;

        Assert.Equal((0, 1), (left.Told, late.Told));
    }

    private static SocketConnection Open(SocketPair pair, bool onOwnLoop) => new(pair.Near, onOwnLoop ? EpollLoop.Next() : null);

    private sealed class Watcher : IEndWatcher
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public void OnPeerEnded() => Interlocked.Increment(ref _told);
    }
}
