using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Reads a head off a connection and leaves what follows it there.</summary>
internal sealed class HeadReader
{
    /// <summary>How reading ended.</summary>
    public enum End
    {
        Complete,

        /// <summary>The peer left before the head was whole.</summary>
        Closed,

        TooLarge,

        Malformed,
    }

    private long _seen;
    private long _line;

    private HeadReader()
    {
    }

    /// <param name="input">The connection's.</param>
    /// <param name="most">The most bytes of a head.</param>
    /// <param name="cancel">Ends it by an exception.</param>
    public static async ValueTask<(End End, HandshakeHead? Head, string Problem)> ReadAsync(PipeReader input, int most, CancellationToken cancel)
    {
        var reader = new HeadReader();
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            var end = reader.Look(read.Buffer, most, out var length);
            if (end is not null)
            {
                return Finish(input, read.Buffer, end.Value, length);
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return (End.Closed, null, reader._seen == 0 ? "it sent nothing" : $"it left after {reader._seen} bytes");
            }

            cancel.ThrowIfCancellationRequested();
        }
    }

    private static (End End, HandshakeHead? Head, string Problem) Finish(PipeReader input, in ReadOnlySequence<byte> buffer, End end, long length)
    {
        if (end != End.Complete)
        {
            input.AdvanceTo(buffer.End);
            return (end, null, end == End.TooLarge ? "its head is too large" : "a line does not end with CRLF, or the first one is empty");
        }

        var isHead = HandshakeHead.TryParse(buffer.Slice(0, length).ToArray(), out var head, out var problem);
        input.AdvanceTo(buffer.GetPosition(length));
        return (isHead ? End.Complete : End.Malformed, head, problem);
    }

    // Bytes that were looked at once are not looked at again, however small the pieces are.
    private End? Look(in ReadOnlySequence<byte> buffer, int most, out long length)
    {
        length = 0;
        Span<byte> before = stackalloc byte[1];
        var scan = new SequenceReader<byte>(buffer);
        scan.Advance(_seen);
        while (scan.TryAdvanceTo((byte)'\n'))
        {
            var feed = scan.Consumed - 1;
            if (feed < 2 || feed == _line)
            {
                return End.Malformed;
            }

            buffer.Slice(feed - 1, 1).CopyTo(before);
            if (before[0] != (byte)'\r')
            {
                return End.Malformed;
            }

            if (feed == _line + 1)
            {
                length = scan.Consumed;
                return length > most ? End.TooLarge : End.Complete;
            }

            _line = feed + 1;
            if (_line > most)
            {
                return End.TooLarge;
            }
        }

        _seen = buffer.Length;
        return _seen > most ? End.TooLarge : null;
    }
}
