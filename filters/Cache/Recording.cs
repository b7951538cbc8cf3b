using System.Buffers;

namespace FilterProxy.Filters.Cache;

/// <summary>A body on its way into the cache: copied as it passes, in pieces of the collector's small heap.</summary>
internal sealed class Recording(long? expected)
{
    private const int PieceSize = 64 * 1024;

    private readonly List<byte[]> _full = [];
    private byte[] _piece = expected is <= PieceSize ? new byte[(int)expected] : new byte[1024];
    private int _used;

    public long Length { get; private set; }

    /// <summary>Appends bytes.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        Length += data.Length;
        while (!data.IsEmpty)
        {
            if (_used == _piece.Length)
            {
                Grow();
            }

            var count = Math.Min(data.Length, _piece.Length - _used);
            data[..count].CopyTo(_piece.AsSpan(_used));
            _used += count;
            data = data[count..];
        }
    }

    /// <summary>The body, if it is as long as was announced; null where something is missing or was changed on the way.</summary>
    public ReadOnlySequence<byte>? Complete()
    {
        if (expected is { } length && length != Length)
        {
            return null;
        }

        return Join(_full, _piece.AsMemory(0, _used).Length == _piece.Length ? _piece : _piece[.._used]);
    }

    /// <summary>Makes one sequence of pieces.</summary>
    public static ReadOnlySequence<byte> Join(List<byte[]> full, byte[] last)
    {
        if (full.Count == 0)
        {
            return new ReadOnlySequence<byte>(last);
        }

        var first = new Piece(full[0], 0);
        var end = first;
        foreach (var piece in full.Skip(1).Append(last))
        {
            end = end.Then(piece);
        }

        return new ReadOnlySequence<byte>(first, 0, end, end.Memory.Length);
    }

    private void Grow()
    {
        if (_piece.Length >= PieceSize)
        {
            _full.Add(_piece);
            _piece = new byte[PieceSize];
            _used = 0;
        }
        else
        {
            Array.Resize(ref _piece, Math.Clamp(_piece.Length * 4, 1024, PieceSize));
        }
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes, long start)
        {
            Memory = bytes;
            RunningIndex = start;
        }

        public Piece Then(byte[] bytes)
        {
            var next = new Piece(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
