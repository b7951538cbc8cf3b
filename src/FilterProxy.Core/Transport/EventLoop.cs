using System.IO.Pipelines;

namespace FilterProxy.Core.Transport;

/// <summary>
/// A thread that waits for sockets and, with inline completions, runs what follows them. There are two kinds: the runtime's own
/// (<see cref="RuntimeLoop"/>), which serve Kestrel's sockets, and the engine's (<see cref="Epoll.EpollLoop"/>), which serve direct ones.
/// </summary>
internal abstract class EventLoop : PipeScheduler
{
    private static readonly Lock s_entering = new();
    private static EventLoop[] s_loops = [];

    [ThreadStatic]
    private static EventLoop? t_current;

    /// <summary>The loop of this thread; null on other threads, and everywhere when completions are not inline.</summary>
    public static EventLoop? Current => t_current;

    /// <summary>A small number for what is kept per loop: from 0 up for loops, 0 for all other threads.</summary>
    public static int CurrentIndex => t_current?.Index ?? 0;

    /// <summary>From 0 up among the loops of its kind.</summary>
    public int Index { get; private set; }

    /// <summary>Whether every loop gets to what is scheduled on it within a time: a filter that blocks one is found out by this.</summary>
    public static async Task<bool> AllAnswerAsync(TimeSpan limit)
    {
        var answers = Volatile.Read(ref s_loops).Select(static loop =>
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            loop.Schedule(static a => ((TaskCompletionSource)a!).SetResult(), answer);
            return answer.Task;
        });
        try
        {
            await Task.WhenAll(answers).WaitAsync(limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Runs an action on this loop, soon, from any thread and without an execution context. It must not throw or block.</summary>
    public abstract override void Schedule(Action<object?> action, object? state);

    /// <summary>This thread is the loop, from here on.</summary>
    protected void Enter(int index)
    {
        t_current = this;
        Index = index;
        lock (s_entering)
        {
            Volatile.Write(ref s_loops, [.. s_loops, this]);
        }
    }
}
