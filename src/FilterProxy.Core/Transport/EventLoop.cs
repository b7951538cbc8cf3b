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

    private ILoopWork? _work;

    protected EventLoop() => Hop = new HopSource(Schedule);

    /// <summary>What is awaited to get here.</summary>
    public HopSource Hop { get; }

    /// <summary>The loop of this thread; null on other threads, and everywhere when completions are not inline.</summary>
    public static EventLoop? Current => t_current;

    /// <summary>A small number for what is kept per loop: from 0 up for loops, 0 for all other threads.</summary>
    public static int CurrentIndex => t_current?.Index ?? 0;

    /// <summary>The loops known so far.</summary>
    public static IReadOnlyList<EventLoop> All => Volatile.Read(ref s_loops);

    /// <summary>From 0 up among the loops of its kind.</summary>
    public int Index { get; private set; }

    /// <summary>Notes that filters are called on this thread from now on, for <see cref="FilterOf"/>. Costs a store.</summary>
    public static void Note(ILoopWork work)
    {
        if (t_current is { } loop)
        {
            Volatile.Write(ref loop._work, work);
        }
    }

    /// <summary>A filter gave the thread back before it was done: what runs next is not its doing.</summary>
    public static void LeaveUnless(bool completed)
    {
        if (!completed && t_current is { } loop)
        {
            Volatile.Write(ref loop._work, null);
        }
    }

    /// <summary>The filter of an owner that is being called on this loop right now; null for none.</summary>
    public string? FilterOf(object owner) => Volatile.Read(ref _work) is { } work && work.Owner == owner ? work.Filter : null;

    /// <summary>Lets go of who called filters here before and does not now.</summary>
    public void Forget()
    {
        if (Volatile.Read(ref _work) is { Filter: null } done)
        {
            Interlocked.CompareExchange(ref _work, null, done);
        }
    }

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

    /// <summary>
    /// As <see cref="Schedule"/>, for work that gains from waiting for more of its kind, such as sending what others may yet add to: it is run
    /// when the loop has nothing else to do, or has gone on for a few turns.
    /// </summary>
    public virtual void ScheduleAtLeisure(Action<object?> action, object? state) => Schedule(action, state);

    /// <summary>This thread is the loop until it leaves; which no other may be meanwhile.</summary>
    protected void Become() => t_current = this;

    /// <summary>This thread is no loop any more.</summary>
    protected static void Leave() => t_current = null;

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
