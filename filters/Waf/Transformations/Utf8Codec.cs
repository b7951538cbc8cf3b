namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>UTF-8 written as <c>%uHHHH</c>. Overlong forms are read as careless programs read them; other bytes stay.</summary>
internal static class Utf8Codec
{
    public static int ToUnicode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            var size = SizeOf(input[at]);
            if (size == 1 || !HasContinuation(input, at, size))
            {
                output[length++] = input[at++];
                continue;
            }

            var code = input[at] & (0xFF >> (size + 1));
            for (var i = 1; i < size; i++)
            {
                code = (code << 6) | (input[at + i] & 0x3F);
            }

            output[length++] = '%';
            output[length++] = 'u';
            for (var shift = code > 0xFFFFF ? 20 : code > 0xFFFF ? 16 : 12; shift >= 0; shift -= 4)
            {
                output[length++] = Hex.Digits[(code >> shift) & 15];
            }

            at += size;
        }

        return length;
    }

    private static int SizeOf(char lead) => lead switch
    {
        >= (char)0xC0 and <= (char)0xDF => 2,
        >= (char)0xE0 and <= (char)0xEF => 3,
        >= (char)0xF0 and <= (char)0xF7 => 4,
        _ => 1,
    };

    private static bool HasContinuation(ReadOnlySpan<char> input, int at, int size)
    {
        if (at + size > input.Length)
        {
            return false;
        }

        for (var i = 1; i < size; i++)
        {
            if ((input[at + i] & 0xC0) != 0x80)
            {
                return false;
            }
        }

        return true;
    }
}
