using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>The writing end: a pipe's, which sends what is flushed at once, and breaks the connection off where it is completed with an exception.</summary>
/// <param name="pipe">The pipe's.</param>
/// <param name="written">Called when something was written, or the end.</param>
/// <param name="broken">Called when the stream was broken off.</param>
internal sealed class DirectOutput(PipeWriter pipe, Action written, Action broken) : PipeWriter
{
    private int _isCompleted;
    private bool _isWaiting;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => pipe.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public override void Advance(int bytes) => pipe.Advance(bytes);

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        // A pipe takes a second flush for the end of its reader, which is the connection's.
        if (Volatile.Read(ref _isWaiting))
        {
            return ValueTask.FromException<FlushResult>(new InvalidOperationException("Another flush waits."));
        }

        var flushing = pipe.FlushAsync(cancellationToken);
        written();
        return flushing.IsCompleted ? flushing : WaitAsync(flushing);
    }

    public override void Complete(Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _isCompleted, 1) != 0)
        {
            return;
        }

        if (exception is null)
        {
            pipe.Complete();
            written();
        }
        else
        {
            broken();
            pipe.Complete();
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flushing)
    {
        Volatile.Write(ref _isWaiting, true);
        try
        {
            return await flushing;
        }
        finally
        {
            Volatile.Write(ref _isWaiting, false);
        }
    }
}
