namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Takes out of a command what shells ignore: quotes, carets, backslashes, repeated blanks.</summary>
internal static class CommandLine
{
    public static int Rewrite(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        foreach (var c in input)
        {
            switch (c)
            {
                case '"' or '\'' or '\\' or '^':
                    break;
                case ' ' or ',' or ';' or '\t' or '\r' or '\n':
                    if (length == 0 || output[length - 1] != ' ')
                    {
                        output[length++] = ' ';
                    }

                    break;
                case '/' or '(':
                    if (length > 0 && output[length - 1] == ' ')
                    {
                        length--;
                    }

                    output[length++] = c;
                    break;
                default:
                    output[length++] = char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;
                    break;
            }
        }

        return length;
    }
}
