namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Escapes of ANSI C. What is none stays as it is, backslash and all.</summary>
internal static class EscapeCodec
{
    public static int Decode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length; at++)
        {
            if (input[at] != '\\' || at + 1 == input.Length)
            {
                output[length++] = input[at];
                continue;
            }

            var c = input[at + 1];
            if (c is 'x' or 'X')
            {
                if (Hex.Has(input, at + 2, 2))
                {
                    output[length++] = (char)Hex.Read(input, at + 2, 2);
                    at += 3;
                }
                else
                {
                    output[length++] = '\\';
                }
            }
            else if (c is >= '0' and <= '7')
            {
                output[length++] = (char)(Octal(input, at + 1, out var digits) & 0xFF);
                at += digits;
            }
            else
            {
                output[length++] = Letter(c);
                at++;
            }
        }

        return length;
    }

    /// <summary>The control character of a letter, or the character itself.</summary>
    public static char Letter(char c) => c switch
    {
        'a' => '\a',
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\v',
        _ => c,
    };

    public static int Octal(ReadOnlySpan<char> text, int at, out int digits)
    {
        var value = 0;
        for (digits = 0; digits < 3 && at + digits < text.Length && text[at + digits] is >= '0' and <= '7'; digits++)
        {
            value = (value << 3) | (text[at + digits] - '0');
        }

        return value;
    }
}
