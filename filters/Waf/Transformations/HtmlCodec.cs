namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Character references of HTML, with or without their semicolon; a code keeps its low byte.</summary>
internal static class HtmlCodec
{
    private const int MaxName = 4;

    // Those alone that rules expect to be decoded: others they look for as they are.
    private static readonly Dictionary<string, char> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["quot"] = '"', ["amp"] = '&', ["lt"] = '<', ["gt"] = '>', ["nbsp"] = '\u00a0',
    };

    private static readonly Dictionary<string, char>.AlternateLookup<ReadOnlySpan<char>> BySpan = Names.GetAlternateLookup<ReadOnlySpan<char>>();

    public static int Decode(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            if (input[at] == '&' && TryRead(input[(at + 1)..], out var c, out var taken))
            {
                output[length++] = c;
                at += 1 + taken;
                at += at < input.Length && input[at] == ';' ? 1 : 0;
            }
            else
            {
                output[length++] = input[at++];
            }
        }

        return length;
    }

    private static bool TryRead(ReadOnlySpan<char> text, out char c, out int taken)
    {
        c = '\0';
        if (text.StartsWith("#x", StringComparison.OrdinalIgnoreCase))
        {
            taken = 2;
            var code = 0;
            for (; Hex.Has(text, taken, 1); taken++)
            {
                code = ((code << 4) | Hex.Read(text, taken, 1)) & 0xFFFFFF;
            }

            c = (char)(code & 0xFF);
            return taken > 2;
        }

        if (text.StartsWith("#"))
        {
            taken = 1;
            var code = 0;
            for (; taken < text.Length && char.IsAsciiDigit(text[taken]); taken++)
            {
                code = ((code * 10) + (text[taken] - '0')) & 0xFFFFFF;
            }

            c = (char)(code & 0xFF);
            return taken > 1;
        }

        taken = 0;
        while (taken < text.Length && taken <= MaxName && char.IsAsciiLetter(text[taken]))
        {
            taken++;
        }

        return taken > 1 && BySpan.TryGetValue(text[..taken], out c);
    }
}
