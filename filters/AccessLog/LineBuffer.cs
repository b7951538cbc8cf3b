using System.Buffers;

namespace FilterProxy.Filters.AccessLog;

/// <summary>The line a thread is putting together, in an array that is kept for the next one.</summary>
internal sealed class LineBuffer : IBufferWriter<byte>
{
    private const int InitialSize = 1024;

    // A single huge line must not keep its memory for ever.
    private const int LargestKept = 64 * 1024;
    private byte[] _array = new byte[InitialSize];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(Length);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
    }

    /// <summary>Forgets the line: also what formatting left behind when it threw.</summary>
    public void Reset()
    {
        Length = 0;
        if (_array.Length > LargestKept)
        {
            _array = new byte[InitialSize];
        }
    }

    /// <summary>Forgets what was written after the line was this long.</summary>
    public void Rewind(int length) => Length = length;

    private void Reserve(int size)
    {
        size = Math.Max(size, 1);
        if (_array.Length - Length < size)
        {
            Array.Resize(ref _array, Math.Max(_array.Length * 2, Length + size));
        }
    }
}
