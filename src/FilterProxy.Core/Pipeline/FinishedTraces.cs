using System.Collections.Concurrent;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// The traces whose spans are still to be written: some hundreds at a time, on a thread that serves nobody. One in a hundred written by
/// the event loop between two requests costs several times as much, as its code is never in the processor's cache. One for the process,
/// as <see cref="System.Diagnostics.ActivitySource"/> is.
/// </summary>
internal sealed class FinishedTraces
{
    public static readonly FinishedTraces Shared = new();

    /// <summary>As many may wait; who brings more writes them itself.</summary>
    private const int Capacity = 4096;
    private static readonly TimeSpan _delay = TimeSpan.FromSeconds(0.5);
    private readonly ConcurrentQueue<ExchangeTrace> _waiting = new();
    private readonly Lock _writing = new();
    private readonly Timer _timer;
    private bool _isDue;

    private FinishedTraces() => _timer = new Timer(static self => ((FinishedTraces)self!).Flush(), this, Timeout.Infinite, Timeout.Infinite);

    public void Add(ExchangeTrace trace)
    {
        if (_waiting.Count >= Capacity)
        {
            trace.Write();
            return;
        }

        _waiting.Enqueue(trace);
        if (!Interlocked.Exchange(ref _isDue, true))
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
                trace.Write();
            }
        }
    }
}
