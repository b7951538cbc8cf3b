namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Blanks, null bytes and case. A no-break space (0xA0) counts as a blank inside a text.</summary>
internal static class Whitespace
{
    public static int Compress(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        var wasBlank = false;
        foreach (var c in input)
        {
            var isBlank = IsBlank(c);
            if (!isBlank || !wasBlank)
            {
                output[length++] = isBlank ? ' ' : c;
            }

            wasBlank = isBlank;
        }

        return length;
    }

    public static int Remove(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        foreach (var c in input)
        {
            if (!IsBlank(c))
            {
                output[length++] = c;
            }
        }

        return length;
    }

    public static int RemoveNulls(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        foreach (var c in input)
        {
            if (c != '\0')
            {
                output[length++] = c;
            }
        }

        return length;
    }

    public static int ReplaceNulls(ReadOnlySpan<char> input, Span<char> output)
    {
        input.Replace(output, '\0', ' ');
        return input.Length;
    }

    public static int Trim(ReadOnlySpan<char> input, Span<char> output) => Copy(input.Trim(" \t\n\v\f\r"), output);

    public static int TrimLeft(ReadOnlySpan<char> input, Span<char> output) => Copy(input.TrimStart(" \t\n\v\f\r"), output);

    public static int TrimRight(ReadOnlySpan<char> input, Span<char> output) => Copy(input.TrimEnd(" \t\n\v\f\r"), output);

    public static int Lower(ReadOnlySpan<char> input, Span<char> output)
    {
        for (var at = 0; at < input.Length; at++)
        {
            output[at] = char.IsAsciiLetterUpper(input[at]) ? (char)(input[at] | 0x20) : input[at];
        }

        return input.Length;
    }

    public static int Upper(ReadOnlySpan<char> input, Span<char> output)
    {
        for (var at = 0; at < input.Length; at++)
        {
            output[at] = char.IsAsciiLetterLower(input[at]) ? (char)(input[at] & ~0x20) : input[at];
        }

        return input.Length;
    }

    private static bool IsBlank(char c) => c is ' ' or (>= '\t' and <= '\r') or '\u00a0';

    private static int Copy(ReadOnlySpan<char> input, Span<char> output)
    {
        input.CopyTo(output);
        return input.Length;
    }
}
