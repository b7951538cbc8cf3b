using System.Buffers;

namespace FilterProxy;

/// <summary>
/// The bytes of an exchange's heads: copied in once by the parser, appended to by edits, freed when the exchange ends.
/// Offsets into it stay valid until <see cref="Reset"/>; spans too, because a buffer that is outgrown is kept until then.
/// </summary>
internal sealed class HeadBlock
{
    private const int InitialSize = 2048;
    private List<byte[]>? _outgrown;
    private byte[] _buffer = [];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public ReadOnlySpan<byte> Slice(int start, int length) => _buffer.AsSpan(start, length);

    /// <summary>At least <paramref name="size"/> writable bytes at the end; <see cref="Advance"/> claims them.</summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - Length < size)
        {
            Grow(size);
        }

        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Copies bytes in and returns where they start.</summary>
    public int Append(ReadOnlySpan<byte> bytes)
    {
        var start = Length;
        bytes.CopyTo(GetSpan(bytes.Length));
        Length += bytes.Length;
        return start;
    }

    /// <summary>Forgets everything from <paramref name="length"/> on: what a discarded attempt appended.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Gives the buffers back. No offset or span of before may be used again.</summary>
    public void Reset()
    {
        Length = 0;
        if (_outgrown is { Count: > 0 })
        {
            foreach (var buffer in _outgrown)
            {
                SpareArrays<byte>.Return(buffer, InitialSize);
            }

            _outgrown.Clear();
        }
    }

    /// <summary>As <see cref="Reset"/>, and gives the current buffer back too: nothing is kept from one exchange to the next.</summary>
    public void Release()
    {
        Reset();
        if (_buffer.Length > 0)
        {
            SpareArrays<byte>.Return(_buffer, InitialSize);
            _buffer = [];
        }
    }

    private void Grow(int size)
    {
        var needed = Math.Max(_buffer.Length * 2, Length + size);
        var larger = needed <= InitialSize ? SpareArrays<byte>.Rent(InitialSize) : ArrayPool<byte>.Shared.Rent(needed);
        _buffer.AsSpan(0, Length).CopyTo(larger);
        if (_buffer.Length > 0)
        {
            (_outgrown ??= []).Add(_buffer);
        }

        _buffer = larger;
    }
}
