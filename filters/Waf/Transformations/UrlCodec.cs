namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Percent-encoding. What is malformed stays as it is.</summary>
internal static class UrlCodec
{
    public static int Decode(ReadOnlySpan<char> input, Span<char> output) => Decode(input, output, out _);

    /// <param name="input">The encoded text.</param>
    /// <param name="output">At least as long.</param>
    /// <param name="isMalformed">Whether a percent sign did not begin an encoded byte.</param>
    public static int Decode(ReadOnlySpan<char> input, Span<char> output, out bool isMalformed)
    {
        isMalformed = false;
        var length = 0;
        for (var at = 0; at < input.Length; at++)
        {
            var c = input[at];
            if (c == '%')
            {
                if (Hex.Has(input, at + 1, 2))
                {
                    output[length++] = (char)Hex.Read(input, at + 1, 2);
                    at += 2;
                    continue;
                }

                isMalformed = true;
            }

            output[length++] = c == '+' ? ' ' : c;
        }

        return length;
    }

    /// <summary>Decodes <c>%uHHHH</c> as well, which some servers understand.</summary>
    public static int DecodeUnicode(ReadOnlySpan<char> input, Span<char> output, UnicodeMap map)
    {
        var length = 0;
        for (var at = 0; at < input.Length; at++)
        {
            var c = input[at];
            if (c == '%' && at + 1 < input.Length && input[at + 1] is 'u' or 'U' && Hex.Has(input, at + 2, 4))
            {
                output[length++] = map.Map(Hex.Read(input, at + 2, 4));
                at += 5;
            }
            else if (c == '%' && Hex.Has(input, at + 1, 2))
            {
                output[length++] = (char)Hex.Read(input, at + 1, 2);
                at += 2;
            }
            else
            {
                output[length++] = c == '+' ? ' ' : c;
            }
        }

        return length;
    }

    public static int Encode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        foreach (var c in input)
        {
            if (c == ' ')
            {
                output[length++] = '+';
            }
            else if (char.IsAsciiLetterOrDigit(c) || c == '*')
            {
                output[length++] = c;
            }
            else
            {
                output[length++] = '%';
                output[length++] = Hex.Digits[(c >> 4) & 15];
                output[length++] = Hex.Digits[c & 15];
            }
        }

        return length;
    }
}
