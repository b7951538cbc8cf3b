using System.Collections.Concurrent;

namespace FilterProxy.Core.Transport;

/// <summary>Connections that are not to be had at will: who waits for a new one takes one that comes back before it.</summary>
internal sealed partial class ConnectionPool
{
    // Exchanges that have a place for a new connection; null where those take no time worth speaking of.
    private readonly ConcurrentQueue<TaskCompletionSource<UpstreamConnection>>? _takers;

    private bool TryHandToTaker(UpstreamConnection connection)
    {
        while (_takers!.TryDequeue(out var taker))
        {
            if (taker.TrySetResult(connection))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Opens one in a place that is reserved, unless another comes back before it is there.</summary>
    private async ValueTask<RentResult> OpenOrTakeAsync(ConnectContext context, long perTry, bool fresh, CancellationToken cancel)
    {
        var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var opening = OpenAsync(context, over.Token, perTry).AsTask();
        var taker = new TaskCompletionSource<UpstreamConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        _takers!.Enqueue(taker);

        // One may have come back between the look at the shelves and the entry in the queue.
        if (!fresh && TakeIdle() is { } idle && !taker.TrySetResult(idle))
        {
            Return(idle);
        }

        // Who opens may go on though nobody wants it any more.
        await using var left = cancel.UnsafeRegister(static waiting => ((TaskCompletionSource<UpstreamConnection>)waiting!).TrySetCanceled(), taker);
        await Task.WhenAny(opening, taker.Task);
        if (taker.TrySetCanceled(CancellationToken.None))
        {
            over.Dispose();
            return await opening;
        }

        _ = GiveUpAsync(opening, over);
        return taker.Task.IsCanceled ? new RentResult(null, ErrorOf(new OperationCanceledException())) : new RentResult(await taker.Task, default);
    }

    /// <summary>Stops opening, and keeps what was there already, or could not be stopped.</summary>
    private async Task GiveUpAsync(Task<RentResult> opening, CancellationTokenSource over)
    {
        using (over)
        {
            await over.CancelAsync();
            if ((await opening).Connection is { } connection)
            {
                Return(connection);
            }
        }
    }
}
