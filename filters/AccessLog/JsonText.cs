using System.Buffers;
using System.Text.Unicode;

namespace FilterProxy.Filters.AccessLog;

/// <summary>JSON strings (RFC 8259 §7) from bytes that may be anything.</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> MustEscape =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), (byte)'"', (byte)'\\', 0x7F]);

    private static readonly SearchValues<byte> MustEscapeLatin1 =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x81)).Select(b => (byte)b), (byte)'"', (byte)'\\']);

    /// <summary>Writes a quoted string. Bytes that are no UTF-8 are taken as Latin-1, so that nothing is lost or refused.</summary>
    public static void Write(ReadOnlySpan<byte> bytes, IBufferWriter<byte> output)
    {
        var escape = Utf8.IsValid(bytes) ? MustEscape : MustEscapeLatin1;
        output.Write("\""u8);
        for (var next = bytes.IndexOfAny(escape); next >= 0; next = bytes.IndexOfAny(escape))
        {
            output.Write(bytes[..next]);
            WriteEscape(bytes[next], output);
            bytes = bytes[(next + 1)..];
        }

        output.Write(bytes);
        output.Write("\""u8);
    }

    private static void WriteEscape(byte value, IBufferWriter<byte> output)
    {
        switch (value)
        {
            case (byte)'"':
                output.Write("\\\""u8);
                break;
            case (byte)'\\':
                output.Write("\\\\"u8);
                break;
            case (byte)'\n':
                output.Write("\\n"u8);
                break;
            case (byte)'\r':
                output.Write("\\r"u8);
                break;
            case (byte)'\t':
                output.Write("\\t"u8);
                break;
            default:
                var span = output.GetSpan(6);
                "\\u00"u8.CopyTo(span);
                var digits = "0123456789abcdef"u8;
                span[4] = digits[value >> 4];
                span[5] = digits[value & 0xF];
                output.Advance(6);
                break;
        }
    }
}
