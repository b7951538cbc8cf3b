namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>Takes <c>//</c>, <c>/./</c> and <c>/../</c> out of a path. What goes above a relative path's beginning stays.</summary>
internal static class PathNormalizer
{
    public static int Normalize(ReadOnlySpan<char> input, Span<char> output) => Normalize(input, output, '/');

    /// <summary>Takes backslashes for slashes.</summary>
    public static int NormalizeWindows(ReadOnlySpan<char> input, Span<char> output) => Normalize(input, output, '\\');

    private static int Normalize(ReadOnlySpan<char> input, Span<char> output, char other)
    {
        var isAbsolute = input.Length > 0 && IsSlash(input[0], other);
        var length = isAbsolute ? 1 : 0;
        if (isAbsolute)
        {
            output[0] = '/';
        }

        var root = length;
        var kept = root;
        var endsWithSlash = false;
        for (var at = 0; at < input.Length;)
        {
            if (IsSlash(input[at], other))
            {
                endsWithSlash = true;
                at++;
                continue;
            }

            var start = at;
            while (at < input.Length && !IsSlash(input[at], other))
            {
                at++;
            }

            endsWithSlash = false;
            var segment = input[start..at];
            if (segment is ".")
            {
                continue;
            }

            if (segment is "..")
            {
                if (length > kept)
                {
                    var slash = output[kept..length].LastIndexOf('/');
                    length = slash < 0 ? kept : kept + slash;
                    continue;
                }

                if (isAbsolute)
                {
                    continue;
                }
            }

            if (length > root)
            {
                output[length++] = '/';
            }

            segment.CopyTo(output[length..]);
            length += segment.Length;
            kept = segment is ".." ? length : kept;
        }

        if (endsWithSlash && length > root)
        {
            output[length++] = '/';
        }

        return length;
    }

    private static bool IsSlash(char c, char other) => c == '/' || c == other;
}
