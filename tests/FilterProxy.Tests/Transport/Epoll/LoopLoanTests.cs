using System.Collections.Concurrent;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Transport.Epoll;

/// <summary>A loop runs on the thread pool while the two work for one another, on one thread at a time, and comes back.</summary>
public sealed class LoopLoanTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<IThreadPoolWorkItem> _queue = [];

    [Fact]
    public async Task A_loop_with_work_is_run_by_the_pool_and_comes_back_when_it_has_none()
    {
        var turns = 0;
        var loan = new LoopLoan(_ => ++turns < 100, _queue.Add);

        var lending = Start(loan.Lend);
        while (!lending.IsCompleted)
        {
            RunNext();
        }

        Assert.True(await lending);
        Assert.True(turns > 100);
    }

    [Fact]
    public async Task A_loop_whose_turn_does_not_come_is_taken_back()
    {
        var turns = 0;
        var loan = new LoopLoan(_ => ++turns > 0, _queue.Add);

        var lending = Start(loan.Lend);
        RunNext();
        RunNext();

        Assert.False(await lending.WaitAsync(s_limit));
        RunNext();
        Assert.Equal(2, turns);
        Assert.Empty(_queue);
    }

    [Fact]
    public async Task A_turn_that_takes_long_is_not_taken_away()
    {
        using var go = new ManualResetEventSlim();
        var turns = 0;
        var loan = new LoopLoan(
            _ =>
            {
                go.Wait();
                return ++turns < 0;
            },
            _queue.Add);

        var lending = Start(loan.Lend);
        var turn = Start(RunNext);
        await Task.Delay(LoopLoan.Patience * 20);
        Assert.False(lending.IsCompleted);
        go.Set();
        await turn;
        while (!lending.IsCompleted)
        {
            RunNext();
        }

        Assert.True(await lending);
    }

    [Fact]
    public async Task A_loop_the_pool_works_for_is_lent_to_it_and_returns()
    {
        var loop = EpollLoop.Next()!;
        var onPool = 0;
        var wrong = 0;
        var stop = false;
        var left = 64;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var i = 0; i < 64; i++)
        {
            OnLoop(null);
        }

        await Poll.UntilAsync(() => Volatile.Read(ref onPool) > 1000);
        Volatile.Write(ref stop, true);
        await done.Task.WaitAsync(s_limit);

        Assert.Equal(0, wrong);
        await Poll.UntilAsync(async () => !(await WhereAsync(loop)).IsPool);
        Assert.Equal(loop, (await WhereAsync(loop)).Loop);
        Assert.Null(EventLoop.Current);

        void OnLoop(object? state) => loop.Schedule(
            _ =>
            {
                onPool += Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
                wrong += EventLoop.Current == loop ? 0 : 1;
                ThreadPool.UnsafeQueueUserWorkItem(OnPool, null);
            },
            state);

        void OnPool(object? state)
        {
            if (EventLoop.Current is not null)
            {
                Interlocked.Increment(ref wrong);
            }

            if (!Volatile.Read(ref stop))
            {
                OnLoop(null);
            }
            else if (Interlocked.Decrement(ref left) == 0)
            {
                done.SetResult();
            }
        }
    }

    [Fact]
    public async Task Whatever_thread_runs_it_everything_scheduled_runs_once_and_in_order()
    {
        const int Senders = 8, Each = 30_000;
        var loop = EpollLoop.Next()!;
        var last = new int[Senders];
        var wrong = 0;
        var running = 0;
        var hands = new HashSet<int>();
        var left = Senders * Each;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        for (var sender = 0; sender < Senders; sender++)
        {
            Send(sender, 1);
        }

        await done.Task.WaitAsync(s_limit);
        Assert.Equal(0, wrong);
        Assert.All(last, number => Assert.Equal(Each, number));
        Assert.True(hands.Count > 1);

        // The next one is sent from the pool before this one has run, and a pause now and then sends the loop home.
        void Send(int sender, int number) => ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                loop.Schedule(_ => Take(sender, number), null);
                if (number % 5_000 == 0)
                {
                    Thread.Sleep(5);
                }

                if (number < Each)
                {
                    Send(sender, number + 1);
                }
            },
            null);

        void Take(int sender, int number)
        {
            wrong += Interlocked.Exchange(ref running, 1) == 0 && last[sender] == number - 1 ? 0 : 1;
            last[sender] = number;
            hands.Add(Environment.CurrentManagedThreadId);
            Volatile.Write(ref running, 0);
            if (--left == 0)
            {
                done.SetResult();
            }
        }
    }

    // Not on the pool: what waits here would hold one of its threads.
    private static Task<T> Start<T>(Func<T> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task Start(Action run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<(EventLoop? Loop, bool IsPool)> WhereAsync(EventLoop loop)
    {
        var seen = new TaskCompletionSource<(EventLoop?, bool)>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Schedule(_ => seen.SetResult((EventLoop.Current, Thread.CurrentThread.IsThreadPoolThread)), null);
        return seen.Task;
    }

    private void RunNext()
    {
        if (_queue.TryTake(out var next, 1000))
        {
            next.Execute();
        }
    }
}
