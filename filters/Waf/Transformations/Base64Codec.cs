namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Base64, read as far as it is some.</summary>
internal static class Base64Codec
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>Up to the first character that is none of its alphabet.</summary>
    public static int Decode(ReadOnlySpan<char> input, Span<char> output) => Decode(input, output, skipsOthers: false);

    /// <summary>Over the characters that are none of its alphabet.</summary>
    public static int DecodeLenient(ReadOnlySpan<char> input, Span<char> output) => Decode(input, output, skipsOthers: true);

    public static int Encode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length; at += 3)
        {
            var left = Math.Min(3, input.Length - at);
            var bits = (input[at] << 16) | ((left > 1 ? input[at + 1] : 0) << 8) | (left > 2 ? input[at + 2] : 0);
            output[length++] = Alphabet[(bits >> 18) & 63];
            output[length++] = Alphabet[(bits >> 12) & 63];
            output[length++] = left > 1 ? Alphabet[(bits >> 6) & 63] : '=';
            output[length++] = left > 2 ? Alphabet[bits & 63] : '=';
        }

        return length;
    }

    private static int Decode(ReadOnlySpan<char> input, Span<char> output, bool skipsOthers)
    {
        var (length, bits, count) = (0, 0, 0);
        foreach (var c in input)
        {
            var value = ValueOf(c);
            if (value < 0)
            {
                if (!skipsOthers || c == '=')
                {
                    break;
                }

                continue;
            }

            bits = (bits << 6) | value;
            count += 6;
            if (count >= 8)
            {
                count -= 8;
                output[length++] = (char)((bits >> count) & 0xFF);
            }
        }

        return length;
    }

    private static int ValueOf(char c) => c switch
    {
        >= 'A' and <= 'Z' => c - 'A',
        >= 'a' and <= 'z' => c - 'a' + 26,
        >= '0' and <= '9' => c - '0' + 52,
        '+' => 62,
        '/' => 63,
        _ => -1,
    };
}
