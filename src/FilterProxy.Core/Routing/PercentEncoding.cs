using System.Buffers;
using System.Text;

namespace FilterProxy.Core.Routing;

/// <summary>Percent-encoding in paths and queries (RFC 3986 §2.1).</summary>
internal static class PercentEncoding
{
    /// <summary>No byte grows more than threefold in <see cref="TryNormalize"/>.</summary>
    public const int MaxGrowth = 3;

    private static readonly SearchValues<byte> Special = SearchValues.Create("%\\"u8);

    /// <summary>
    /// Writes the path with unreserved bytes decoded and all other escapes in upper case (RFC 3986 §6.2.2). Everything else
    /// that is encoded stays so: decoding a reserved or control byte would change what the path says.
    /// </summary>
    public static bool TryNormalize(
        ReadOnlySpan<byte> path, EncodedSlashPolicy slashes, Span<byte> output, out int written, out string? error)
    {
        written = 0;
        while (true)
        {
            var special = path.IndexOfAny(Special);
            var plain = special < 0 ? path : path[..special];
            plain.CopyTo(output[written..]);
            written += plain.Length;
            if (special < 0)
            {
                error = null;
                return true;
            }

            path = path[special..];
            byte value;
            if (path[0] == (byte)'\\')
            {
                value = (byte)'\\';
                path = path[1..];
            }
            else if (!TryDecode(path, out value))
            {
                error = "bad_percent";
                return false;
            }
            else
            {
                path = path[3..];
            }

            if (value == 0)
            {
                error = "nul_in_path";
                return false;
            }

            if (value is (byte)'/' or (byte)'\\' && slashes == EncodedSlashPolicy.Reject)
            {
                error = "encoded_slash";
                return false;
            }

            if (IsUnreserved(value) || (value == (byte)'/' && slashes == EncodedSlashPolicy.Decode))
            {
                output[written++] = value;
            }
            else
            {
                written += Encode(value, output[written..]);
            }
        }
    }

    /// <summary>
    /// Decodes one name or value of a query the way servers read them: escapes, and <c>+</c> as a space. A malformed escape
    /// stands for itself. The output is never longer than the input.
    /// </summary>
    public static int DecodeQuery(ReadOnlySpan<byte> text, Span<byte> output)
    {
        var written = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == (byte)'%' && TryDecode(text[i..], out var decoded))
            {
                b = decoded;
                i += 2;
            }
            else if (b == (byte)'+')
            {
                b = (byte)' ';
            }

            output[written++] = b;
        }

        return written;
    }

    /// <summary>
    /// The normal form of a piece of path written in configuration, where text outside ASCII stands for its UTF-8 bytes.
    /// </summary>
    public static bool TryNormalizeConfigured(string text, out byte[] bytes, out string error)
    {
        bytes = [];
        foreach (var c in text)
        {
            if (c <= 0x20 || c == 0x7F || c is '?' or '#')
            {
                error = c is '?' or '#'
                    ? $"a path ends before '{c}'; write %{(int)c:X2} for the character"
                    : $"U+{(int)c:X4} must be percent-encoded";
                return false;
            }
        }

        var utf8 = Encoding.UTF8.GetBytes(text);
        var ascii = new byte[utf8.Length * MaxGrowth];
        var length = 0;
        foreach (var b in utf8)
        {
            if (b < 0x80)
            {
                ascii[length++] = b;
            }
            else
            {
                length += Encode(b, ascii.AsSpan(length));
            }
        }

        var output = new byte[length * MaxGrowth];
        if (!TryNormalize(ascii.AsSpan(0, length), EncodedSlashPolicy.Keep, output, out var written, out var detail))
        {
            error = detail == "bad_percent" ? "a '%' is not followed by two hexadecimal digits" : "%00 never passes";
            return false;
        }

        bytes = output[..written];
        error = "";
        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, out byte value)
    {
        value = 0;
        if (text.Length < 3 || !char.IsAsciiHexDigit((char)text[1]) || !char.IsAsciiHexDigit((char)text[2]))
        {
            return false;
        }

        value = (byte)((HexValue(text[1]) << 4) | HexValue(text[2]));
        return true;
    }

    private static int Encode(byte value, Span<byte> output)
    {
        var digits = "0123456789ABCDEF"u8;
        output[0] = (byte)'%';
        output[1] = digits[value >> 4];
        output[2] = digits[value & 0xF];
        return 3;
    }

    private static bool IsUnreserved(byte b) =>
        char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~';

    private static int HexValue(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
