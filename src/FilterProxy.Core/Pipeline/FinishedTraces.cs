using System.Collections.Concurrent;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The traces whose spans are still to be written: many at a time, on a thread that serves nobody. One in a hundred written by
/// the event loop between two requests costs several times as much, as its code is never in the processor's cache. But not too many, since
/// what waits while the collector runs is copied by it. One for the process, as <see cref="System.Diagnostics.ActivitySource"/> is.
/// </summary>
internal sealed class FinishedTraces
{
    public static readonly FinishedTraces Shared = new();

    /// <summary>As many may wait; who brings more writes them itself.</summary>
    private const int Capacity = 4096;

    /// <summary>So many are written at once.</summary>
    private const int Batch = 128;
    private static readonly TimeSpan _delay = TimeSpan.FromSeconds(0.5);
    private readonly ConcurrentQueue<ExchangeTrace> _waiting = new();
    private readonly Lock _writing = new();
    private readonly Timer _timer;
    private int _count;
    private bool _isDue;

    private FinishedTraces() => _timer = new Timer(static self => ((FinishedTraces)self!).Flush(), this, Timeout.Infinite, Timeout.Infinite);

    public void Add(ExchangeTrace trace)
    {
        var count = Interlocked.Increment(ref _count);
        if (count > Capacity)
        {
            Interlocked.Decrement(ref _count);
            trace.Write();
            return;
        }

        _waiting.Enqueue(trace);
        if (count == Batch)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static self => self.Flush(), this, preferLocal: false);
        }
        else if (!Interlocked.Exchange(ref _isDue, true))
        {
            _timer.Change(_delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Writes all that wait. When it returns, each that was added before is written.</summary>
    public void Flush()
    {
        lock (_writing)
        {
            Interlocked.Exchange(ref _isDue, false);
            while (_waiting.TryDequeue(out var trace))
            {
                Interlocked.Decrement(ref _count);
                trace.Write();
            }
        }
    }
}
