using System.Buffers;
using System.IO.Pipelines;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.Egress;

/// <summary>What clients say before they are relayed: read piece by piece within a deadline.</summary>
internal sealed class Handshake(PipeReader input, TimeProvider time, TimeSpan timeout) : IDisposable
{
    private readonly ReadDeadline _deadline = new(input, time, timeout);

    /// <summary>Looks at a piece: the bytes it takes, 0 while it is not complete.</summary>
    public delegate int Parser(ReadOnlySpan<byte> received);

    /// <summary>Reads a piece; false when the client left, or took too long, before it was complete.</summary>
    public async ValueTask<bool> ReadAsync(Parser parser)
    {
        while (true)
        {
            var read = await input.ReadAsync();
            var length = read.Buffer.Length;
            var taken = read.Buffer.IsSingleSegment ? parser(read.Buffer.FirstSpan) : parser(read.Buffer.ToArray());
            if (taken > 0)
            {
                input.AdvanceTo(read.Buffer.GetPosition(taken));
                return true;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCanceled || read.IsCompleted || length > ushort.MaxValue)
            {
                return false;
            }
        }
    }

    /// <summary>Ends the deadline. False when it has passed: its cancellation may still be on its way.</summary>
    public bool TryEnd() => _deadline.TryEnd();

    public void Dispose() => _deadline.Dispose();
}
