using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Counts of a finished relay.</summary>
internal readonly record struct RelayResult(long ToUpstream, long ToDownstream);

/// <summary>
/// Copies bytes between two connections. The client's end is passed on as a half-close, the upstream's end ends both
/// directions, and so does a failure of either.
/// </summary>
internal static class Relay
{
    /// <summary>Bytes of one direction that may pass without a pause, as long as neither side ever waits.</summary>
    public const long FairShare = 1 << 20;

    /// <param name="downstream">One side.</param>
    /// <param name="upstream">The other side.</param>
    /// <param name="onProgress">Called after every piece, for idle deadlines.</param>
    /// <param name="abort">Called once when a direction failed: must make reads and writes on both sides fail.</param>
    public static async Task<RelayResult> RunAsync(IDuplexPipe downstream, IDuplexPipe upstream, Action onProgress, Action abort)
    {
        var up = CopyAsync(downstream.Input, upstream.Output, onProgress, abort);
        var down = CopyAsync(upstream.Input, downstream.Output, onProgress, abort);
        var toDownstream = await down;

        // The client's side cannot be half-closed, over TLS least of all: with nothing to come it would wait for ever.
        downstream.Input.CancelPendingRead();
        return new RelayResult(await up, toDownstream);
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

    private static async Task<long> CopyAsync(PipeReader reader, PipeWriter writer, Action onProgress, Action abort)
    {
        long total = 0, unwaited = 0;
        try
        {
            while (true)
            {
                var reading = reader.ReadAsync();
                var waits = !reading.IsCompleted;
                var read = await reading;
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
                        abort();
                        return total;
                    }
                }

                unwaited = waits ? 0 : unwaited + length;
                if (unwaited > FairShare)
                {
                    unwaited = 0;
                    await BehindOthersAsync();
                }

                onProgress();
                if (read.IsCompleted || read.IsCanceled)
                {
                    await writer.CompleteAsync();
                    return total;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidOperationException or ObjectDisposedException or OperationCanceledException)
        {
            abort();
            return total;
        }
    }
}
