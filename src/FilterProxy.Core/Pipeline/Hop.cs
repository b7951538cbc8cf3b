using System.Runtime.CompilerServices;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>Changes the thread: what follows the await runs on the thread pool, where it may block, or on an event loop.</summary>
internal readonly struct Hop : ICriticalNotifyCompletion
{
    /// <summary>
    /// Bytes one exchange may copy without ever waiting before it leaves the loop to the others on it: two fast sides would keep it
    /// for as long as the body lasts.
    /// </summary>
    public const long FairShare = Relay.FairShare;

    private readonly EventLoop? _loop;
    private readonly bool _isThere;

    private Hop(EventLoop? loop, bool isThere)
    {
        _loop = loop;
        _isThere = isThere;
    }

    /// <summary>To the thread pool, always.</summary>
    public static Hop OffLoop() => default;

    /// <summary>To the end of this loop's queue: the other sockets of the loop get their turn. To the pool where there is no loop.</summary>
    public static Hop BehindOthers() => new(EventLoop.Current, isThere: false);

    /// <summary>Back to a loop. Stays where it is when it is there, or when there was no loop to come from.</summary>
    public static Hop BackTo(EventLoop? loop) => new(loop, loop is null || loop == EventLoop.Current);

    public bool IsCompleted => _isThere;

    public Hop GetAwaiter() => this;

    public void GetResult()
    {
    }

    // The engine's methods flow their own execution context; what is posted runs without one.
    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        if (_loop is not null)
        {
            _loop.Schedule(static c => ((Action)c!)(), continuation);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static c => c(), continuation, preferLocal: false);
        }
    }
}
