using System.Runtime.CompilerServices;

namespace FilterProxy.Core.Pipeline;

/// <summary>Leaves the event loop: what follows the await runs on the thread pool, where it may block.</summary>
internal readonly struct Hop : ICriticalNotifyCompletion
{
    public static Hop OffLoop() => default;

    public bool IsCompleted => false;

    public Hop GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => ThreadPool.QueueUserWorkItem(static c => c(), continuation, preferLocal: false);

    public void UnsafeOnCompleted(Action continuation) => ThreadPool.UnsafeQueueUserWorkItem(static c => c(), continuation, preferLocal: false);
}
