using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.Streams;

/// <summary>Looks at what a connection begins with, and takes nothing of it.</summary>
internal static class FirstBytes
{
    /// <summary>How the look ended.</summary>
    public enum End
    {
        /// <summary>There was enough to tell.</summary>
        Seen,

        /// <summary>Not in time.</summary>
        Timeout,

        /// <summary>The client left before.</summary>
        Closed,
    }

    /// <param name="input">The connection's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="isEnough">Asked with all bytes since the connection began, whenever there are more.</param>
    public static async ValueTask<End> LookAsync(PipeReader input, TimeProvider time, TimeSpan timeout, Func<ReadOnlySequence<byte>, bool> isEnough)
    {
        using var deadline = new ReadDeadline(input, time, timeout);
        var end = End.Closed;
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                if (!read.Buffer.IsEmpty && isEnough(read.Buffer))
                {
                    input.AdvanceTo(read.Buffer.Start);
                    end = End.Seen;
                    break;
                }

                if (read.IsCanceled)
                {
                    input.AdvanceTo(read.Buffer.Start);
                    return End.Timeout;
                }

                if (read.IsCompleted)
                {
                    input.AdvanceTo(read.Buffer.Start);
                    break;
                }

                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            return End.Closed;
        }

        if (!deadline.TryEnd())
        {
            // It has cancelled a read that is yet to come: nobody after us may meet it.
            var read = await input.ReadAsync();
            input.AdvanceTo(read.Buffer.Start);
        }

        return end;
    }
}
