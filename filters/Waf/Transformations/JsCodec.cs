namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Escapes of JavaScript: <c>\uHHHH</c>, <c>\xHH</c>, octal ones and letters; any other loses its backslash.</summary>
internal static class JsCodec
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
            if (c == 'u' && Hex.Has(input, at + 2, 4))
            {
                var code = Hex.Read(input, at + 2, 4);
                output[length++] = (char)((code is > 0xFF00 and < 0xFF5F ? code - 0xFEE0 : code) & 0xFF);
                at += 5;
            }
            else if (c == 'x' && Hex.Has(input, at + 2, 2))
            {
                output[length++] = (char)Hex.Read(input, at + 2, 2);
                at += 3;
            }
            else if (c is >= '0' and <= '7')
            {
                var value = EscapeCodec.Octal(input, at + 1, out var digits);
                if (value > 0xFF)
                {
                    value >>= 3;
                    digits--;
                }

                output[length++] = (char)value;
                at += digits;
            }
            else
            {
                output[length++] = EscapeCodec.Letter(c);
                at++;
            }
        }

        return length;
    }
}
