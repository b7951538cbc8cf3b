using System.IO.Pipelines;

namespace FilterProxy.Filters.Streams;

/// <summary>Cancels a reader's pending read when its time is up, unless it ended before: one of both happens, never both.</summary>
internal sealed class ReadDeadline : IDisposable
{
    private readonly PipeReader _reader;
    private readonly ITimer _timer;
    private int _over;

    public ReadDeadline(PipeReader reader, TimeProvider time, TimeSpan timeout)
    {
        _reader = reader;
        _timer = time.CreateTimer(static state => ((ReadDeadline)state!).Fire(), this, timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends it. False when it has passed.</summary>
    public bool TryEnd() => Interlocked.CompareExchange(ref _over, 1, 0) == 0;

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        if (TryEnd())
        {
            _reader.CancelPendingRead();
        }
    }
}
