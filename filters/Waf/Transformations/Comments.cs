namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Comments of C, SQL, shells and HTML.</summary>
internal static class Comments
{
    /// <summary>Takes comments out; one that is not closed leaves a blank, and what stands behind <c>--</c> or <c>#</c> goes as well.</summary>
    public static int Remove(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            var rest = input[at..];
            var closing = rest.StartsWith("/*") ? "*/" : rest.StartsWith("<!--") ? "-->" : null;
            if (closing is not null)
            {
                var begin = closing.Length == 2 ? 2 : 4;
                var end = rest[begin..].IndexOf(closing);
                if (end < 0)
                {
                    output[length++] = ' ';
                    return length;
                }

                at += begin + end + closing.Length;

                // A comment at the very end leaves a null byte, as it does where rules were written for.
                if (at == input.Length)
                {
                    output[length++] = '\0';
                }
            }
            else if (rest[0] == '#' || rest.StartsWith("--"))
            {
                return length;
            }
            else
            {
                output[length++] = input[at++];
            }
        }

        return length;
    }

    /// <summary>Takes the marks of comments out and leaves what they hold.</summary>
    public static int RemoveMarks(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            var rest = input[at..];
            var mark = rest.StartsWith("<!--") ? 4
                : rest.StartsWith("-->") ? 3
                : rest.StartsWith("/*") || rest.StartsWith("*/") || rest.StartsWith("--") ? 2
                : rest[0] == '#' ? 1 : 0;
            if (mark == 0)
            {
                output[length++] = input[at];
            }

            at += Math.Max(1, mark);
        }

        return length;
    }

    /// <summary>Puts one blank in the place of each comment of C's kind; one that is not closed goes up to the end.</summary>
    public static int Replace(ReadOnlySpan<char> input, Span<char> output)
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            if (!input[at..].StartsWith("/*"))
            {
                output[length++] = input[at++];
                continue;
            }

            output[length++] = ' ';
            var end = input[(at + 2)..].IndexOf("*/");
            at = end < 0 ? input.Length : at + 2 + end + 2;
        }

        return length;
    }
}
