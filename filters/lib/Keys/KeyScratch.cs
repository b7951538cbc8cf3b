using System.Buffers;

namespace FilterProxy.Filters.Keys;

/// <summary>A buffer of the thread that keys are written into. A huge one does not keep its memory.</summary>
internal sealed class KeyScratch : IBufferWriter<byte>
{
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static KeyScratch? _ofThread;

    private byte[] _array = new byte[1024];
    private int _length;

    public static KeyScratch OfThread => _ofThread ??= new KeyScratch();

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, _length);

    public void Reset()
    {
        _length = 0;
        if (_array.Length > LargestKept)
        {
            _array = new byte[1024];
        }
    }

    public void Truncate(int length) => _length = length;

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

    private void Reserve(int size)
    {
        size = Math.Max(size, 1);
        if (_array.Length - _length < size)
        {
            Array.Resize(ref _array, Math.Max(_array.Length * 2, _length + size));
        }
    }
}
