using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>The reading end: a pipe's, which counts what is read, as that is what the peer may send more of.</summary>
/// <param name="pipe">The pipe's.</param>
/// <param name="onConsumed">Told how many bytes were read.</param>
/// <param name="onCompleted">Called when nothing more is read.</param>
internal sealed class DirectInput(PipeReader pipe, Action<long> onConsumed, Action onCompleted) : PipeReader
{
    private ReadOnlySequence<byte> _last;
    private bool _isWaiting;

    public override bool TryRead(out ReadResult result)
    {
        var isRead = pipe.TryRead(out result);
        _last = isRead ? result.Buffer : _last;
        return isRead;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // A pipe takes a second read for the end of its writer, which is the connection's.
        if (Volatile.Read(ref _isWaiting))
        {
            return ValueTask.FromException<ReadResult>(new InvalidOperationException("Another read waits."));
        }

        var reading = pipe.ReadAsync(cancellationToken);
        return reading.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Note(reading.Result)) : WaitAsync(reading);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Before the pipe takes its segments back.
        var count = _last.IsEmpty ? 0 : _last.GetOffset(consumed) - _last.GetOffset(_last.Start);
        pipe.AdvanceTo(consumed, examined);
        _last = default;
        if (count > 0)
        {
            onConsumed(count);
        }
    }

    public override void CancelPendingRead() => pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        _last = default;
        pipe.Complete(exception);
        onCompleted();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> reading)
    {
        Volatile.Write(ref _isWaiting, true);
        try
        {
            return Note(await reading);
        }
        finally
        {
            Volatile.Write(ref _isWaiting, false);
        }
    }

    private ReadResult Note(ReadResult result)
    {
        _last = result.Buffer;
        return result;
    }
}
