using System.Collections.Concurrent;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Guarding;

/// <summary>
/// Requests under way in a cluster, exactly, and those that wait for a place, in their order. A place that becomes free goes to who has
/// waited longest.
/// </summary>
/// <param name="max">Requests at a time; 0 for no limit.</param>
/// <param name="maxPending">Requests that may wait.</param>
/// <param name="patience">How long they may; zero for as long as the exchange may take.</param>
internal sealed class RequestLimiter(int max, int maxPending, TimeSpan patience) : IStreamPlaces
{
    private readonly ConcurrentQueue<TaskCompletionSource<bool>> _waiting = new();
    private int _max = max > 0 ? max : int.MaxValue;
    private int _active;
    private int _pending;

    /// <summary>Requests under way.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Requests that wait.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>Requests at a time. May be changed while it is used: who is in stays.</summary>
    public int Max
    {
        get => Volatile.Read(ref _max);
        set
        {
            Volatile.Write(ref _max, value);
            while (Pending > 0 && TryEnter())
            {
                Leave();
            }
        }
    }

    /// <summary>Takes a place if one is free; <see cref="Leave"/> follows.</summary>
    public bool TryEnter()
    {
        while (true)
        {
            var active = Active;
            if (active >= Max)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _active, active + 1, active) == active)
            {
                return true;
            }
        }
    }

    /// <summary>Waits for a place. The limit that was reached when there is none; none when it was entered, or the request was given up.</summary>
    public async ValueTask<Limit> EnterAsync(CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _pending) > maxPending)
        {
            Interlocked.Decrement(ref _pending);
            return maxPending == 0 ? Limit.MaxRequests : Limit.MaxPending;
        }

        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timeout.CancelAfter(patience > TimeSpan.Zero ? patience : Timeout.InfiniteTimeSpan);
            var waiter = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = timeout.Token.Register(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiter);
            _waiting.Enqueue(waiter);

            // One may have left between the look at the count and the entry in the queue.
            if (TryEnter() && !waiter.TrySetResult(true))
            {
                Leave();
            }

            return await waiter.Task ? Limit.None : Limit.PendingTimeout;
        }
        finally
        {
            Interlocked.Decrement(ref _pending);
        }
    }

    /// <summary>Gives a place back, straight to who waits where somebody does.</summary>
    public void Leave()
    {
        while (Active <= Max && _waiting.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult(true))
            {
                return;
            }
        }

        Interlocked.Decrement(ref _active);
    }
}
