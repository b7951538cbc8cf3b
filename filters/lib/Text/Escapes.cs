using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace FilterProxy.Filters.Text;

/// <summary>How values become part of a text without becoming part of its structure.</summary>
internal static class Escapes
{
    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8);

    /// <summary>The rule for bodies of a media type: HTML and XML, JSON, or none for plain text.</summary>
    public static TemplateEscape ForType(string contentType)
    {
        var type = contentType.Split(';')[0].Trim();
        if (type.EndsWith("json", StringComparison.OrdinalIgnoreCase))
        {
            return Json;
        }

        return type.EndsWith("html", StringComparison.OrdinalIgnoreCase) || type.EndsWith("xml", StringComparison.OrdinalIgnoreCase) ? Html : None;
    }

    /// <summary>For text and quoted attributes of HTML and XML.</summary>
    public static void Html(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        foreach (var b in AsUtf8(value))
        {
            switch (b)
            {
                case (byte)'<':
                    output.Write("&lt;"u8);
                    break;
                case (byte)'>':
                    output.Write("&gt;"u8);
                    break;
                case (byte)'&':
                    output.Write("&amp;"u8);
                    break;
                case (byte)'"':
                    output.Write("&quot;"u8);
                    break;
                case (byte)'\'':
                    output.Write("&#39;"u8);
                    break;
                case < 0x20 or 0x7F:
                    output.Write(" "u8);
                    break;
                default:
                    output.Write([b]);
                    break;
            }
        }
    }

    /// <summary>For the inside of a JSON string.</summary>
    public static void Json(ReadOnlySpan<byte> value, IBufferWriter<byte> output) =>
        output.Write(JsonEncodedText.Encode(AsUtf8(value), JavaScriptEncoder.Default).EncodedUtf8Bytes);

    /// <summary>For a name or value in a query: everything but unreserved characters percent-encoded (RFC 3986 §2.3).</summary>
    public static void Query(ReadOnlySpan<byte> value, IBufferWriter<byte> output)
    {
        foreach (var b in value)
        {
            if (Unreserved.Contains(b))
            {
                output.Write([b]);
            }
            else
            {
                Percent(b, output);
            }
        }
    }

    /// <summary>A byte as <c>%HH</c>.</summary>
    public static void Percent(byte value, IBufferWriter<byte> output)
    {
        var digits = "0123456789ABCDEF"u8;
        output.Write([(byte)'%', digits[value >> 4], digits[value & 0xF]]);
    }

    public static void None(ReadOnlySpan<byte> value, IBufferWriter<byte> output) => output.Write(value);

    // Header bytes may be Latin-1; a body is said to be UTF-8.
    private static ReadOnlySpan<byte> AsUtf8(ReadOnlySpan<byte> value) =>
        Utf8.IsValid(value) ? value : Encoding.UTF8.GetBytes(Encoding.Latin1.GetString(value));
}
