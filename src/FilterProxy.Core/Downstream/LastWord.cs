using System.IO.Pipelines;
using FilterProxy.Core.Pipeline;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// What is said before a connection is closed. To close with unread bytes resets it, which may take the last word from a peer that still
/// sends: it is waited for a moment.
/// </summary>
internal static class LastWord
{
    /// <summary>How long the peer may take to hear it.</summary>
    public static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(2);

    /// <summary>Drops what still comes, until the peer ends.</summary>
    /// <exception cref="OperationCanceledException">It takes too long.</exception>
    /// <exception cref="Exception">What the reader throws: the peer has left.</exception>
    public static async Task LingerAsync(PipeReader input, CancellationToken limit)
    {
        var unwaited = 0L;
        ReadResult read;
        do
        {
            var reading = input.ReadAsync(limit);
            unwaited = reading.IsCompleted ? unwaited : 0;

            // One that is cancelled was meant for whoever read before.
            read = await reading;
            unwaited += read.Buffer.Length;
            input.AdvanceTo(read.Buffer.End);
            if (unwaited > Hop.FairShare)
            {
                unwaited = 0;
                await Hop.BehindOthers();
            }
        }
        while (!read.IsCompleted);
    }
}
