using FilterProxy.Core.Transport;
using Xunit;

namespace FilterProxy.Tests.Transport;

public sealed class EventLoopTests
{
    [Fact]
    public async Task A_thread_that_waits_for_sockets_is_a_loop_and_a_thread_of_the_pool_is_not()
    {
        await RuntimeLoop.StartAsync();
        await Task.Yield();

        Assert.Null(EventLoop.Current);
        Assert.NotNull(await LoopOfSocketAsync());
    }

    [Fact]
    public async Task What_is_scheduled_runs_on_the_thread_of_the_loop()
    {
        var loop = await FindLoopAsync();
        var first = await RunAsync(loop);
        var second = await RunAsync(loop);

        Assert.Equal(loop, first.Loop);
        Assert.Equal(first.Thread, second.Thread);
    }

    [Fact]
    public async Task Everything_scheduled_from_many_threads_runs_once_and_in_each_threads_order()
    {
        const int Threads = 8, Each = 20_000;
        var loop = await FindLoopAsync();
        var last = new int[Threads];
        var wrong = 0;
        var left = Threads * Each;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var posting = Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 1; i <= Each; i++)
            {
                loop.Schedule(
                    state =>
                    {
                        var number = (int)state!;
                        wrong += EventLoop.Current == loop && last[thread] == number - 1 ? 0 : 1;
                        last[thread] = number;
                        if (--left == 0)
                        {
                            done.SetResult();
                        }
                    },
                    i);
            }
        }));
        await Task.WhenAll(posting);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(0, wrong);
        Assert.All(last, number => Assert.Equal(Each, number));
    }

    [Fact]
    public async Task What_schedules_itself_again_does_not_keep_sockets_from_their_turn()
    {
        var loop = await FindLoopAsync();
        var stop = false;
        Again(loop);

        // Sockets of this loop, and of the others, are served meanwhile.
        for (var i = 0; i < 8; i++)
        {
            await LoopOfSocketAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }

        Volatile.Write(ref stop, true);

        void Again(EventLoop on) => on.Schedule(
            _ =>
            {
                if (!Volatile.Read(ref stop))
                {
                    Again(on);
                }
            },
            null);
    }

    private static async Task<EventLoop> FindLoopAsync()
    {
        await RuntimeLoop.StartAsync();
        return await LoopOfSocketAsync() ?? throw new InvalidOperationException("These tests run with inline completions: see tests.runsettings.");
    }

    private static Task<(EventLoop? Loop, int Thread)> RunAsync(EventLoop loop)
    {
        var seen = new TaskCompletionSource<(EventLoop?, int)>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Schedule(_ => seen.SetResult((EventLoop.Current, Environment.CurrentManagedThreadId)), null);
        return seen.Task;
    }

    /// <summary>The loop on which the receive of a new socket completes.</summary>
    private static async Task<EventLoop?> LoopOfSocketAsync()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var sender = new System.Net.Sockets.TcpClient();
        var accepting = listener.AcceptSocketAsync();
        await sender.ConnectAsync((System.Net.IPEndPoint)listener.LocalEndpoint);
        using var receiver = await accepting;
        var seen = new TaskCompletionSource<EventLoop?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ReceiveAsync();
        await sender.GetStream().WriteAsync(new byte[1]);
        return await seen.Task;

        async Task ReceiveAsync()
        {
            await receiver.ReceiveAsync(new byte[1]).ConfigureAwait(false);
            seen.SetResult(EventLoop.Current);
        }
    }
}
