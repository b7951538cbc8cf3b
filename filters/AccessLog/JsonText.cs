using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace FilterProxy.Filters.AccessLog;

/// <summary>The inside of JSON strings (RFC 8259 §7) from bytes that may be anything: always ASCII, always one line.</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> Unescaped =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Select(b => (byte)b).Except("\"\\"u8.ToArray())]);

    [ThreadStatic]
    private static LineBuffer? _scratch;

    /// <summary>
    /// Escapes what was written after the line was <paramref name="start"/> long. Bytes that are no UTF-8 are taken as Latin-1, so that
    /// nothing is lost or refused.
    /// </summary>
    public static void EscapeFrom(int start, LineBuffer line)
    {
        var written = line.Written[start..];
        var first = written.IndexOfAnyExcept(Unescaped);
        if (first < 0)
        {
            return;
        }

        var scratch = _scratch ??= new LineBuffer();
        scratch.Reset();
        scratch.Append(written[first..]);
        line.Rewind(start + first);
        var bytes = scratch.Written;
        var isUtf8 = Utf8.IsValid(bytes);
        while (!bytes.IsEmpty)
        {
            var next = bytes.IndexOfAnyExcept(Unescaped);
            line.Append(next < 0 ? bytes : bytes[..next]);
            if (next < 0)
            {
                return;
            }

            bytes = bytes[next..];
            if (isUtf8 && bytes[0] >= 0x80)
            {
                Rune.DecodeFromUtf8(bytes, out var rune, out var length);
                WriteEscape(rune, line);
                bytes = bytes[length..];
            }
            else
            {
                WriteEscape((char)bytes[0], line);
                bytes = bytes[1..];
            }
        }
    }

    private static void WriteEscape(Rune rune, LineBuffer line)
    {
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)])
        {
            WriteEscape(unit, line);
        }
    }

    private static void WriteEscape(char unit, LineBuffer line)
    {
        switch (unit)
        {
            case '"':
                line.Append("\\\""u8);
                break;
            case '\\':
                line.Append("\\\\"u8);
                break;
            case '\n':
                line.Append("\\n"u8);
                break;
            case '\r':
                line.Append("\\r"u8);
                break;
            case '\t':
                line.Append("\\t"u8);
                break;
            default:
                var digits = "0123456789abcdef"u8;
                line.Append([(byte)'\\', (byte)'u', digits[unit >> 12], digits[(unit >> 8) & 0xF], digits[(unit >> 4) & 0xF], digits[unit & 0xF]]);
                break;
        }
    }
}
