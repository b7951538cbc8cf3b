using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>A finished relay.</summary>
/// <param name="ToUpstream">Bytes passed on.</param>
/// <param name="ToDownstream">Bytes passed on.</param>
/// <param name="ClientHasEnded">Whether there is nothing more to come from the client.</param>
internal readonly record struct RelayResult(long ToUpstream, long ToDownstream, bool ClientHasEnded);

/// <summary>
/// Copies bytes between two connections. The client's end is passed on as a half-close; the upstream's end ends both directions, and so does
/// a failure of either. An upstream that only takes no more is no such failure: what it has sent is still to be passed on.
/// </summary>
internal sealed class Relay
{
    /// <summary>Bytes of one direction that may pass without a pause, as long as neither side ever waits.</summary>
    public const long FairShare = 1 << 20;

    private readonly IDuplexPipe _downstream;
    private readonly IDuplexPipe _upstream;
    private readonly Action _onProgress;
    private readonly Action _abort;
    private volatile bool _downHasEnded;

    private Relay(IDuplexPipe downstream, IDuplexPipe upstream, Action onProgress, Action abort) =>
        (_downstream, _upstream, _onProgress, _abort) = (downstream, upstream, onProgress, abort);

    /// <param name="downstream">The client's side.</param>
    /// <param name="upstream">The other side.</param>
    /// <param name="onProgress">Called after every piece, for idle deadlines.</param>
    /// <param name="abort">Called when a direction failed: must make reads and writes on both sides fail.</param>
    public static async Task<RelayResult> RunAsync(IDuplexPipe downstream, IDuplexPipe upstream, Action onProgress, Action abort)
    {
        var relay = new Relay(downstream, upstream, onProgress, abort);
        var up = relay.UpAsync();
        var toDownstream = await relay.DownAsync();
        var (toUpstream, end) = await up;
        return new RelayResult(toUpstream, toDownstream, end is DirectionEnd.Ended or DirectionEnd.ReadFailed);
    }

    /// <summary>Goes on when the other sockets of this loop have had their turn.</summary>
    public static Task BehindOthersAsync()
    {
        if (EventLoop.Current is { } loop)
        {
            return BackToAsync(loop);
        }

        var turn = new TaskCompletionSource();
        ThreadPool.UnsafeQueueUserWorkItem(static t => t.SetResult(), turn, preferLocal: false);
        return turn.Task;
    }

    /// <summary>
    /// Goes on on the loop of a connection, where it has one of ours: what is opened from there belongs to the same, and the two talk without
    /// changing threads.
    /// </summary>
    public static Task ToLoopOfAsync(ConnectionContext connection) =>
        connection is SocketConnection { Loop: { } loop } && loop != EventLoop.Current ? BackToAsync(loop) : Task.CompletedTask;

    /// <summary>Goes on on a loop.</summary>
    public static Task BackToAsync(EventLoop loop)
    {
        var turn = new TaskCompletionSource();
        loop.Schedule(static t => ((TaskCompletionSource)t!).SetResult(), turn);
        return turn.Task;
    }

    private async Task<(long Total, DirectionEnd End)> UpAsync()
    {
        var (total, end) = await CopyAsync(_downstream.Input, _upstream.Output);
        if (end == DirectionEnd.ReadFailed && !_downHasEnded)
        {
            _abort();
        }
        else if (end is DirectionEnd.Ended or DirectionEnd.Stopped)
        {
            await TryEndAsync(_upstream);
        }

        return (total, end);
    }

    private async Task<long> DownAsync()
    {
        var (total, end) = await CopyAsync(_upstream.Input, _downstream.Output);

        // A client that waits for an answer to its own end would wait for ever. And where the transport is one of Kestrel's, the read that waits
        // for its input fails with the end of its output, which is then no client that has left.
        _downHasEnded = end is DirectionEnd.Ended or DirectionEnd.Stopped;
        _downstream.Input.CancelPendingRead();
        if (!_downHasEnded || !await TryEndAsync(_downstream))
        {
            _abort();
        }

        return total;
    }

    private static async ValueTask<bool> TryEndAsync(IDuplexPipe receiver)
    {
        try
        {
            await (receiver is IHalfClose halves ? halves.EndOutputAsync() : receiver.Output.CompleteAsync());
            return true;
        }
        catch (Exception e) when (StreamRelay.IsBreak(e))
        {
            return false;
        }
    }

    private async Task<(long Total, DirectionEnd End)> CopyAsync(PipeReader reader, PipeWriter writer)
    {
        long total = 0, unwaited = 0;
        var isWriting = false;
        try
        {
            while (true)
            {
                isWriting = false;
                var reading = reader.ReadAsync();
                var waits = !reading.IsCompleted;
                var read = await reading;
                isWriting = true;
                foreach (var segment in read.Buffer)
                {
                    writer.Write(segment.Span);
                }

                var length = read.Buffer.Length;
                total += length;
                reader.AdvanceTo(read.Buffer.End);
                if (writer is not { CanGetUnflushedBytes: true, UnflushedBytes: 0 })
                {
                    var flushing = writer.FlushAsync();
                    waits |= !flushing.IsCompleted;
                    if ((await flushing).IsCompleted)
                    {
                        return (total, DirectionEnd.WriteFailed);
                    }
                }

                unwaited = waits ? 0 : unwaited + length;
                if (unwaited > FairShare)
                {
                    unwaited = 0;
                    await BehindOthersAsync();
                }

                _onProgress();
                if (read.IsCompleted || read.IsCanceled)
                {
                    return (total, read.IsCompleted ? DirectionEnd.Ended : DirectionEnd.Stopped);
                }
            }
        }
        catch (Exception e) when (StreamRelay.IsBreak(e))
        {
            return (total, isWriting ? DirectionEnd.WriteFailed : DirectionEnd.ReadFailed);
        }
    }
}
