namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>Parses character classes: <c>[^\w.-]</c>, <c>[[:alpha:]_]</c>.</summary>
internal readonly ref struct ClassParser(string pattern)
{
    private readonly string _pattern = pattern;

    /// <param name="at">Behind the opening bracket; moved behind the closing one.</param>
    /// <exception cref="FormatException">It is not closed, or a range is out of order.</exception>
    public PatternNode.Class Parse(ref int at)
    {
        var isNegated = at < _pattern.Length && _pattern[at] == '^';
        at += isNegated ? 1 : 0;
        var set = new ByteSet();
        for (var isFirst = true; ; isFirst = false)
        {
            if (at >= _pattern.Length)
            {
                throw new FormatException("a '[' is not closed");
            }

            // A bracket in the first place is one to be found.
            if (_pattern[at] == ']' && !isFirst)
            {
                at++;
                return new PatternNode.Class(set, isNegated);
            }

            if (ReadSet(ref at) is { } several)
            {
                set.Add(several);
                continue;
            }

            var first = ReadByte(ref at);
            var last = first;
            if (at + 1 < _pattern.Length && _pattern[at] == '-' && _pattern[at + 1] != ']')
            {
                var afterDash = at + 1;
                var behind = afterDash;
                if (ReadSet(ref behind) is null)
                {
                    last = ReadByte(ref afterDash);
                    at = afterDash;
                }
            }

            set.Add(first, last >= first ? last : throw new FormatException("a range in a class is out of order"));
        }
    }

    private ByteSet? ReadSet(ref int at)
    {
        if (_pattern[at] == '\\' && at + 1 < _pattern.Length && ByteSet.OfShorthand(_pattern[at + 1]) is { } shorthand)
        {
            at += 2;
            return shorthand;
        }

        if (_pattern[at] != '[' || at + 1 >= _pattern.Length || _pattern[at + 1] != ':')
        {
            return null;
        }

        var close = _pattern.IndexOf(":]", at + 2, StringComparison.Ordinal);
        if (close < 0)
        {
            return null;
        }

        var name = _pattern[(at + 2)..close];
        var isNegated = name.StartsWith('^');
        if (ByteSet.OfPosix(isNegated ? name[1..] : name) is not { } set)
        {
            return null;
        }

        at = close + 2;
        return isNegated ? set.Not() : set;
    }

    private int ReadByte(ref int at)
    {
        var c = _pattern[at++];
        if (c != '\\')
        {
            return c <= 0xFF ? c : throw new FormatException("a character is no byte");
        }

        if (at >= _pattern.Length)
        {
            throw new FormatException("a '[' is not closed");
        }

        if (_pattern[at] == 'b')
        {
            at++;
            return '\b';
        }

        return ByteEscape.Read(_pattern, ref at);
    }
}
