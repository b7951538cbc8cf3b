using System.Runtime.CompilerServices;

namespace FilterProxy.Core.Pipeline;

/// <summary>Leaves the event loop: what follows the await runs on the thread pool, where it may block.</summary>
internal readonly struct Hop : ICriticalNotifyCompletion
{
    /// <summary>
    /// Bytes one exchange may copy without ever waiting before it leaves the loop to the others on it: two fast sides would keep it
    /// for as long as the body lasts.
    /// </summary>
    public const long FairShare = 1 << 20;

    public static Hop OffLoop() => default;

    public bool IsCompleted => false;

    public Hop GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static c => c(), continuation, preferLocal: false);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static c => c(), continuation, preferLocal: false);
}
