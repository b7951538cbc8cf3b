using System.Text;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Escapes of CSS: up to six hexadecimal digits and one blank, or any other character.</summary>
internal static class CssCodec
{
    public static int Decode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            if (input[at] != '\\')
            {
                output[length++] = input[at++];
                continue;
            }

            at++;
            var digits = 0;
            while (digits < 6 && Hex.Has(input, at + digits, 1))
            {
                digits++;
            }

            if (digits > 0)
            {
                length += Write(Hex.Read(input, at, digits), output[length..]);
                at += digits;
                at += at < input.Length && input[at] is ' ' or (>= '\t' and <= '\r') ? 1 : 0;
            }
            else if (at < input.Length && input[at] == '\n')
            {
                // A line continued.
                at++;
            }
            else if (at < input.Length)
            {
                output[length++] = input[at++];
            }
        }

        return length;
    }

    private static int Write(int code, Span<char> output)
    {
        // Full-width forms look like ASCII and are taken for it.
        if (code is > 0xFF00 and < 0xFF5F)
        {
            code -= 0xFEE0;
        }

        if (code < 0x100)
        {
            output[0] = (char)code;
            return 1;
        }

        Span<byte> utf8 = stackalloc byte[4];
        var count = (Rune.IsValid(code) ? new Rune(code) : Rune.ReplacementChar).EncodeToUtf8(utf8);
        for (var i = 0; i < count; i++)
        {
            output[i] = (char)utf8[i];
        }

        return count;
    }
}
