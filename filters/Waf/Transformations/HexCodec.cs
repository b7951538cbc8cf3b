namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Bytes as hexadecimal digits.</summary>
internal static class HexCodec
{
    /// <summary>Nothing where a character is no digit or one is left over.</summary>
    public static int Decode(ReadOnlySpan<char> input, Span<char> output)
    {
        if (input.Length % 2 != 0 || !Hex.Has(input, 0, input.Length))
        {
            return 0;
        }

        for (var at = 0; at < input.Length; at += 2)
        {
            output[at / 2] = (char)Hex.Read(input, at, 2);
        }

        return input.Length / 2;
    }

    public static int Encode(ReadOnlySpan<char> input, Span<char> output)
    {
        for (var at = 0; at < input.Length; at++)
        {
            output[at * 2] = Hex.Digits[(input[at] >> 4) & 15];
            output[(at * 2) + 1] = Hex.Digits[input[at] & 15];
        }

        return input.Length * 2;
    }

    /// <summary>Literals of SQL as <c>0x414243</c>.</summary>
    public static int DecodeSql(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            if (input[at] == '0' && at + 1 < input.Length && input[at + 1] is 'x' or 'X' && Hex.Has(input, at + 2, 2))
            {
                for (at += 2; Hex.Has(input, at, 2); at += 2)
                {
                    output[length++] = (char)Hex.Read(input, at, 2);
                }
            }
            else
            {
                output[length++] = input[at++];
            }
        }

        return length;
    }
}
