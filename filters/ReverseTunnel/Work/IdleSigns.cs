using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>
/// What is said on a work connection while it carries nothing: a zero now and then by the agent, and one by the server in answer. Whatever else comes
/// begins the stream.
/// </summary>
internal static class IdleSigns
{
    /// <summary>A sign of life.</summary>
    public static readonly ReadOnlyMemory<byte> One = new byte[1];

    /// <summary>How long a peer may be silent that says something every <c>ping_interval</c>.</summary>
    public static TimeSpan PatienceOf(Handshake.TunnelWelcome welcome) => welcome.PingInterval + welcome.PingTimeout;

    /// <summary>Waits until something else comes, which stays in the pipe.</summary>
    /// <param name="input">The connection's.</param>
    /// <param name="heard">Called for each sign of life, or several at once.</param>
    /// <param name="cancel">Ends the wait by an exception.</param>
    /// <returns>False where the peer has ended the connection.</returns>
    public static async ValueTask<bool> WaitAsync(PipeReader input, Func<ValueTask> heard, CancellationToken cancel)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            var rest = SkipZeros(read.Buffer);
            input.AdvanceTo(rest.Start);
            if (!rest.IsEmpty || read.IsCompleted)
            {
                return !rest.IsEmpty;
            }

            await heard();
        }
    }

    private static ReadOnlySequence<byte> SkipZeros(in ReadOnlySequence<byte> bytes)
    {
        var count = 0L;
        foreach (var piece in bytes)
        {
            var zeros = piece.Span.IndexOfAnyExcept((byte)0);
            if (zeros >= 0)
            {
                return bytes.Slice(count + zeros);
            }

            count += piece.Length;
        }

        return bytes.Slice(bytes.End);
    }
}
