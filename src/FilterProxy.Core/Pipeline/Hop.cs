using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Changes the thread: what follows the await runs on the thread pool, where it may block, or on an event loop. To be awaited at once; allocates
/// nothing.
/// </summary>
internal static class Hop
{
    /// <summary>
    /// Bytes one exchange may copy without ever waiting before it leaves the loop to the others on it: two fast sides would keep it
    /// for as long as the body lasts.
    /// </summary>
    public const long FairShare = Relay.FairShare;

    private static readonly HopSource s_toPool = new(static (continuation, state) =>
        ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: false));

    /// <summary>To the thread pool, always.</summary>
    public static ValueTask OffLoop() => s_toPool.Await();

    /// <summary>To the end of this loop's queue: the other sockets of the loop get their turn. To the pool where there is no loop.</summary>
    public static ValueTask BehindOthers() => EventLoop.Current is { } loop ? loop.Hop.Await() : OffLoop();

    /// <summary>Back to a loop. Stays where it is when it is there, or when there was no loop to come from.</summary>
    public static ValueTask BackTo(EventLoop? loop) => loop is null || loop == EventLoop.Current ? default : loop.Hop.Await();
}
