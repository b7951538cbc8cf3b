using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace FilterProxy;

/// <summary>How operators write: each method allocates nothing and returns true, so that an operator can end with it.</summary>
internal static class TemplateOutput
{
    private static readonly SearchValues<byte> Unescaped =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Select(b => (byte)b).Except("\"\\"u8.ToArray())]);

    /// <summary>Whether there is nothing to escape.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(Unescaped) < 0;

    public static bool WriteBytes(this IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        return true;
    }

    /// <summary>False for null and empty text, which stand for a value that is not there.</summary>
    public static bool WriteText(this IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return false;
        }

        // Three bytes are the most a UTF-16 unit becomes: no need to count first.
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(text.Length * 3)));
        return true;
    }

    public static bool WriteNumber(this IBufferWriter<byte> output, long number, ReadOnlySpan<char> format = default)
    {
        var written = 0;
        if (!format.IsEmpty)
        {
            number.TryFormat(output.GetSpan(32), out written, format, CultureInfo.InvariantCulture);
        }
        else if (number is >= 0 and < 10)
        {
            output.GetSpan(1)[written++] = (byte)('0' + number);
        }
        else
        {
            Utf8Formatter.TryFormat(number, output.GetSpan(32), out written);
        }

        output.Advance(written);
        return true;
    }

    public static bool WriteTime(this IBufferWriter<byte> output, DateTimeOffset time, ReadOnlySpan<char> format)
    {
        time.TryFormat(output.GetSpan(64), out var written, format, CultureInfo.InvariantCulture);
        output.Advance(written);
        return true;
    }

    public static bool WriteEscaped(this IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        for (var next = bytes.IndexOfAnyExcept(Unescaped); next >= 0; next = bytes.IndexOfAnyExcept(Unescaped))
        {
            output.Write(bytes[..next]);
            output.Write("\\x"u8);
            output.WriteNumber(bytes[next], "X2");
            bytes = bytes[(next + 1)..];
        }

        return output.WriteBytes(bytes);
    }

    /// <summary>At most <paramref name="maxLength"/> bytes, without cutting a UTF-8 sequence in two.</summary>
    public static ReadOnlySpan<byte> Truncate(ReadOnlySpan<byte> bytes, int maxLength)
    {
        if (bytes.Length <= maxLength)
        {
            return bytes;
        }

        // The bytes may as well be Latin-1: go back at most the three bytes a sequence can have before the cut.
        var cut = maxLength;
        for (var back = 0; back < 3 && cut > 0 && (bytes[cut] & 0xC0) == 0x80; back++)
        {
            cut--;
        }

        return bytes[..((bytes[cut] & 0xC0) == 0xC0 ? cut : maxLength)];
    }
}
