using System.Buffers;

namespace FilterProxy.Filters.AccessLog;

/// <summary>Grows a line in an array of the shared pool. <see cref="Detach"/> hands the array on to whoever writes it out.</summary>
internal sealed class LineBuffer : IBufferWriter<byte>
{
    private const int InitialSize = 1024;
    private byte[] _array = [];
    private int _length;

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, _length);

    public void Advance(int count) => _length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_length);
    }

    /// <summary>Forgets the line: what formatting left behind when it threw.</summary>
    public void Reset() => _length = 0;

    /// <summary>The line in an array that is now the caller's to return to the shared pool.</summary>
    public ArraySegment<byte> Detach()
    {
        var line = new ArraySegment<byte>(_array, 0, _length);
        (_array, _length) = ([], 0);
        return line;
    }

    private void Reserve(int size)
    {
        size = Math.Max(size, 1);
        if (_array.Length - _length >= size)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(InitialSize, Math.Max(_array.Length * 2, _length + size)));
        Written.CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
    }
}
