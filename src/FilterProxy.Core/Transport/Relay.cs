using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Core.Transport;

/// <summary>Counts of a finished relay.</summary>
internal readonly record struct RelayResult(long ToUpstream, long ToDownstream);

/// <summary>
/// Copies bytes between two connections until both directions have ended. The end of one direction is passed on as a
/// half-close; a failure of either ends both.
/// </summary>
internal static class Relay
{
    /// <param name="downstream">One side.</param>
    /// <param name="upstream">The other side.</param>
    /// <param name="onProgress">Called after every piece, for idle deadlines.</param>
    /// <param name="abort">Called once when a direction failed: must make reads and writes on both sides fail.</param>
    public static async Task<RelayResult> RunAsync(IDuplexPipe downstream, IDuplexPipe upstream, Action onProgress, Action abort)
    {
        var up = CopyAsync(downstream.Input, upstream.Output, onProgress, abort);
        var down = CopyAsync(upstream.Input, downstream.Output, onProgress, abort);
        await Task.WhenAll(up, down);
        return new RelayResult(await up, await down);
    }

    private static async Task<long> CopyAsync(PipeReader reader, PipeWriter writer, Action onProgress, Action abort)
    {
        long total = 0;
        try
        {
            while (true)
            {
                var read = await reader.ReadAsync();
                foreach (var segment in read.Buffer)
                {
                    writer.Write(segment.Span);
                }

                total += read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (writer is not { CanGetUnflushedBytes: true, UnflushedBytes: 0 } && (await writer.FlushAsync()).IsCompleted)
                {
                    abort();
                    return total;
                }

                onProgress();
                if (read.IsCompleted || read.IsCanceled)
                {
                    await writer.CompleteAsync();
                    return total;
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException or OperationCanceledException)
        {
            abort();
            return total;
        }
    }
}
