using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.AccessLog;

/// <summary>The lines of one filter that wait to be written, and what became of them.</summary>
internal sealed class LogQueue
{
    private readonly LineRing _ring;
    private readonly Counter<long> _written, _dropped, _lost;
    private readonly TaskCompletionSource _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _wakeAt;
    private AutoResetEvent? _wake;
    private long _droppedNow, _droppedUnreported;
    private int _woken;
    private volatile bool _completed;

    public LogQueue(long size, Meter meter)
    {
        _ring = new LineRing(size);
        _wakeAt = _ring.Capacity / 4;
        _written = meter.CreateCounter<long>("filterproxy.access_log.written", "{line}", "Lines written.");
        _dropped = meter.CreateCounter<long>("filterproxy.access_log.dropped", "{line}", "Lines dropped because too many waited, or too long.");
        _lost = meter.CreateCounter<long>("filterproxy.access_log.lost", "{line}", "Lines lost because they could not be written before the end.");
    }

    public int LongestLine => _ring.LongestLine;

    /// <summary>Whether no further line comes.</summary>
    public bool IsCompleted => _completed;

    /// <summary>Whether no line waits, nor is being written to it.</summary>
    public bool IsEmpty => _ring.IsEmpty;

    /// <summary>Whether lines that were dropped have been counted since <see cref="TakeDropped"/>.</summary>
    public bool HasDropped => _droppedUnreported > 0;

    /// <summary>Ends once it is completed and all its lines are written or lost.</summary>
    public Task Emptied => _emptied.Task;

    /// <summary>What to set when much is waiting.</summary>
    public void WakeBy(AutoResetEvent wake) => Volatile.Write(ref _wake, wake);

    public void Enqueue(ReadOnlySpan<byte> line)
    {
        if (_completed || !_ring.TryWrite(line, out var waiting))
        {
            // The writer counts them: whoever listens to the meter would be called here, when there is least time for it.
            Interlocked.Increment(ref _droppedNow);
            return;
        }

        // The writer comes by itself after a while: it is woken once, and only when it should hurry.
        if (waiting >= _wakeAt && Volatile.Read(ref _woken) == 0 && Interlocked.Exchange(ref _woken, 1) == 0)
        {
            Volatile.Read(ref _wake)?.Set();
        }
    }

    /// <summary>Says that no line comes any more.</summary>
    public void Complete()
    {
        _completed = true;
        Volatile.Read(ref _wake)?.Set();
    }

    /// <summary>For the writer, before it empties the queue.</summary>
    public void BeginRead() => Volatile.Write(ref _woken, 0);

    public int Read(Span<byte> destination, out int lines) => _ring.Read(destination, out lines);

    public void CountWritten(int lines) => _written.Add(lines);

    public void CountLost(int lines) => _lost.Add(lines);

    public void SetEmptied() => _emptied.TrySetResult();

    /// <summary>Counts the lines dropped since the last call. For the writer, and for the filter once the writer has ended.</summary>
    public void CountDropped()
    {
        if (Interlocked.Exchange(ref _droppedNow, 0) is > 0 and var dropped)
        {
            _dropped.Add(dropped);
            _droppedUnreported += dropped;
        }
    }

    /// <summary>Counted lines since the last call.</summary>
    public long TakeDropped()
    {
        var dropped = _droppedUnreported;
        _droppedUnreported = 0;
        return dropped;
    }
}
