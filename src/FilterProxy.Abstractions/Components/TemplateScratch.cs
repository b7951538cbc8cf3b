using System.Buffers;

namespace FilterProxy;

/// <summary>A line of text that is being put together, kept for the next one of its thread. What was written last can be taken back.</summary>
internal sealed class TemplateScratch : IBufferWriter<byte>
{
    private const int InitialSize = 1024;

    // A single huge line must not keep its memory for ever.
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static TemplateScratch? _line, _value;

    private byte[] _array = new byte[InitialSize];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, Length);

    // No operator formats a template, so one of each per thread is never in use twice.
    public static TemplateScratch BeginLine() => Begin(_line ??= new TemplateScratch());

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

    /// <summary>Shortens what was written from <paramref name="start"/> on.</summary>
    public void TruncateFrom(int start, int maxLength) => Length = start + TemplateOutput.Truncate(Written[start..], maxLength).Length;

    /// <summary>Escapes what was written from <paramref name="start"/> on.</summary>
    public void EscapeFrom(int start)
    {
        if (TemplateOutput.IsPlain(Written[start..]))
        {
            return;
        }

        var value = Begin(_value ??= new TemplateScratch());
        value.Append(Written[start..]);
        Length = start;
        this.WriteEscaped(value.Written);
    }

    private static TemplateScratch Begin(TemplateScratch scratch)
    {
        scratch.Length = 0;
        if (scratch._array.Length > LargestKept)
        {
            scratch._array = new byte[InitialSize];
        }

        return scratch;
    }

    private void Reserve(int size)
    {
        size = Math.Max(size, 1);
        if (_array.Length - Length < size)
        {
            Array.Resize(ref _array, Math.Max(_array.Length * 2, Length + size));
        }
    }
}
