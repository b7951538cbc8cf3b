using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FilterProxy.Filters.AccessLog;

/// <summary>
/// Lines on their way from many threads to one, in a fixed piece of memory: writing to it neither blocks nor allocates, and fails when
/// it is full.
/// </summary>
/// <remarks>
/// A record is a length and the bytes, aligned to the length's size. Producers move the tail to reserve room and store the length last,
/// which publishes the record; the consumer clears what it has read, so that a length of 0 is a record still being written. A negative
/// length is the unused rest before the memory's end.
/// </remarks>
internal sealed class LineRing
{
    private const int HeaderSize = sizeof(int);
    private const int MostPerLine = 256 * 1024;
    private readonly byte[] _memory;
    private readonly int _mask;
    private PaddedPosition _head, _tail;

    /// <summary>A ring of at least this size.</summary>
    public LineRing(long size)
    {
        _memory = new byte[BitOperations.RoundUpToPowerOf2((ulong)size)];
        _mask = _memory.Length - 1;
    }

    /// <summary>The longest line it takes.</summary>
    public int LongestLine => Math.Min(MostPerLine, _memory.Length / 4) - HeaderSize;

    public int Capacity => _memory.Length;

    /// <summary>Whether nothing is in it, nor being written to it.</summary>
    public bool IsEmpty => Volatile.Read(ref _tail.Value) == Volatile.Read(ref _head.Value);

    /// <summary>Takes a line that is not empty. False when there is no room for it.</summary>
    /// <param name="line">The line.</param>
    /// <param name="waiting">How many bytes are in the ring now.</param>
    public bool TryWrite(ReadOnlySpan<byte> line, out long waiting)
    {
        waiting = 0;
        if (line.Length > LongestLine)
        {
            return false;
        }

        var size = SizeOf(line.Length);
        int index, rest;
        while (true)
        {
            var tail = Volatile.Read(ref _tail.Value);
            index = (int)tail & _mask;
            rest = _memory.Length - index >= size ? 0 : _memory.Length - index;
            waiting = tail + rest + size - Volatile.Read(ref _head.Value);
            if (waiting > _memory.Length)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _tail.Value, tail + rest + size, tail) == tail)
            {
                break;
            }
        }

        if (rest > 0)
        {
            Volatile.Write(ref HeaderAt(index), -rest);
            index = 0;
        }

        line.CopyTo(_memory.AsSpan(index + HeaderSize));
        Volatile.Write(ref HeaderAt(index), line.Length);
        return true;
    }

    /// <summary>Moves whole lines out, in order, as many as fit. For one thread only.</summary>
    /// <returns>The number of bytes; 0 when there is no line.</returns>
    public int Read(Span<byte> destination, out int lines)
    {
        var read = 0;
        lines = 0;
        while (true)
        {
            var index = (int)_head.Value & _mask;
            var length = Volatile.Read(ref HeaderAt(index));
            if (length == 0 || length > destination.Length - read)
            {
                return read;
            }

            if (length < 0)
            {
                HeaderAt(index) = 0;
                Volatile.Write(ref _head.Value, _head.Value - length);
                continue;
            }

            _memory.AsSpan(index + HeaderSize, length).CopyTo(destination[read..]);
            read += length;
            lines++;
            var size = SizeOf(length);
            _memory.AsSpan(index, size).Clear();
            Volatile.Write(ref _head.Value, _head.Value + size);
        }
    }

    private static int SizeOf(int length) => (length + (2 * HeaderSize) - 1) & ~(HeaderSize - 1);

    private ref int HeaderAt(int index) => ref Unsafe.As<byte, int>(ref _memory[index]);

    // Producers write one position and the consumer the other: on a cache line of its own, neither slows the other.
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PaddedPosition
    {
        [FieldOffset(64)]
        public long Value;
    }
}
