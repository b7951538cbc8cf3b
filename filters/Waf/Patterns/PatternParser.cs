using System.Globalization;
using System.Text;

namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>Parses regular expressions as PCRE has them, over bytes.</summary>
internal ref struct PatternParser(string pattern)
{
    // Deeper than any rule's, and far from the end of the stack.
    private const int MaxDepth = 200;

    private readonly string _pattern = pattern;
    private int _at;
    private int _depth;
    private bool _isMultiline;
    private bool _isExtended;

    /// <exception cref="FormatException">It is none, or uses what bytes or .NET have no equal for.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        var node = parser.ParseChoice();
        return parser._at == pattern.Length ? node : throw parser.Error("a ')' has no '('");
    }

    private readonly char Current => _at < _pattern.Length ? _pattern[_at] : '\0';

    private readonly bool Ends => _at >= _pattern.Length;

    private readonly FormatException Error(string problem) => new($"{problem} (at character {_at + 1})");

    private PatternNode ParseChoice()
    {
        if (++_depth > MaxDepth)
        {
            throw Error("groups are nested too deeply");
        }

        var (multiline, extended) = (_isMultiline, _isExtended);
        var branches = new List<PatternNode> { ParseSequence() };
        while (Current == '|' && !Ends)
        {
            _at++;
            branches.Add(ParseSequence());
        }

        (_isMultiline, _isExtended) = (multiline, extended);
        _depth--;
        return branches.Count == 1 ? branches[0] : new PatternNode.Choice(branches);
    }

    private PatternNode ParseSequence()
    {
        var items = new List<PatternNode>();
        while (!Ends && Current is not ('|' or ')'))
        {
            if (_isExtended && SkipExtended())
            {
                continue;
            }

            if (ParseAtom() is { } atom)
            {
                items.Add(ParseQuantifiers(atom));
            }
        }

        return items.Count == 1 ? items[0] : new PatternNode.Sequence(items);
    }

    private bool SkipExtended()
    {
        if (char.IsWhiteSpace(Current))
        {
            _at++;
            return true;
        }

        if (Current != '#')
        {
            return false;
        }

        var end = _pattern.IndexOf('\n', _at);
        _at = end < 0 ? _pattern.Length : end + 1;
        return true;
    }

    private PatternNode ParseQuantifiers(PatternNode atom)
    {
        if (_isExtended)
        {
            while (!Ends && SkipExtended())
            {
            }
        }

        if (!TryReadQuantifier(out var min, out var max))
        {
            return atom;
        }

        if (atom is PatternNode.Anchor or PatternNode.Options)
        {
            throw Error("nothing to repeat");
        }

        var isLazy = !Ends && Current == '?';
        var isPossessive = !Ends && Current == '+';
        _at += isLazy || isPossessive ? 1 : 0;
        return new PatternNode.Repeat(atom, min, max, isLazy, isPossessive);
    }

    private bool TryReadQuantifier(out int min, out int max)
    {
        (min, max) = (0, -1);
        switch (Current)
        {
            case '*' when !Ends:
                _at++;
                return true;
            case '+':
                min = 1;
                _at++;
                return true;
            case '?':
                max = 1;
                _at++;
                return true;
            case '{':
                return TryReadCounts(ref min, ref max);
            default:
                return false;
        }
    }

    // A brace that begins no counts is one to be found.
    private bool TryReadCounts(ref int min, ref int max)
    {
        var close = _pattern.IndexOf('}', _at);
        if (close < 0)
        {
            return false;
        }

        var inner = _pattern.AsSpan((_at + 1)..close);
        var comma = inner.IndexOf(',');
        var first = comma < 0 ? inner : inner[..comma];
        if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out min))
        {
            return false;
        }

        max = min;
        if (comma >= 0)
        {
            max = -1;
            var last = inner[(comma + 1)..];
            if (last.Length > 0 && !int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out max))
            {
                return false;
            }
        }

        _at = close + 1;
        return max < 0 || min <= max ? true : throw Error("counts are out of order");
    }

    private PatternNode? ParseAtom()
    {
        var c = _pattern[_at++];
        switch (c)
        {
            case '^':
                return new PatternNode.Anchor("^");
            case '$':
                // Without (?m) the very end: not before a line feed either.
                return new PatternNode.Anchor(_isMultiline ? "$" : "\\z");
            case '.':
                return new PatternNode.Any();
            case '[':
                return new ClassParser(_pattern).Parse(ref _at);
            case '(':
                return ParseGroup();
            case '\\':
                return ParseEscape();
            case '*' or '+' or '?':
                throw Error("nothing to repeat");
            default:
                return c <= 0xFF ? new PatternNode.Literal(c) : throw Error("a character is no byte");
        }
    }

    private PatternNode? ParseGroup()
    {
        if (Current != '?' || Ends)
        {
            return Current == '*' ? throw Error("verbs are not supported") : Inner("(", GroupKind.Capture);
        }

        _at++;
        var rest = _pattern.AsSpan(_at);
        if (rest.StartsWith("#"))
        {
            var end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? throw Error("a comment is not closed") : end + 1;
            return null;
        }

        foreach (var (opening, kind) in Openings)
        {
            if (rest.StartsWith(opening))
            {
                _at += opening.Length;
                return Inner("(?" + opening, kind);
            }
        }

        if (rest.StartsWith("P<") || rest.StartsWith("<") || rest.StartsWith("'"))
        {
            var close = _pattern.AsSpan(_at).IndexOfAny('>', '\'');
            close = rest[0] == '\'' ? rest[1..].IndexOf('\'') + 1 : close;
            _at = close > 0 ? _at + close + 1 : throw Error("a group's name is not closed");

            // Numbered like the others, as PCRE does.
            return Inner("(", GroupKind.Capture);
        }

        return ParseOptions();
    }

    private static readonly (string, GroupKind)[] Openings =
    [
        (":", GroupKind.Plain), (">", GroupKind.Atomic), ("=", GroupKind.LookAhead), ("!", GroupKind.Look), ("<=", GroupKind.Look), ("<!", GroupKind.Look),
    ];

    private PatternNode.Group Inner(string opening, GroupKind kind)
    {
        var inner = ParseChoice();
        if (Ends || Current != ')')
        {
            throw Error("a '(' is not closed");
        }

        _at++;
        return new PatternNode.Group(opening, inner, kind);
    }

    private PatternNode ParseOptions()
    {
        var (multiline, extended) = (_isMultiline, _isExtended);
        var text = new StringBuilder();
        var isOn = true;
        for (; !Ends && Current is not (')' or ':'); _at++)
        {
            switch (Current)
            {
                case '-':
                    isOn = false;
                    text.Append('-');
                    break;
                case 'i' or 's':
                    text.Append(Current);
                    break;
                case 'm':
                    _isMultiline = isOn;
                    text.Append('m');
                    break;
                case 'x':
                    _isExtended = isOn;
                    break;
                default:
                    throw Error($"'(?{Current}' is not supported");
            }
        }

        var options = text.ToString().TrimEnd('-');
        if (!Ends && Current == ':')
        {
            _at++;
            var group = Inner($"(?{options}:", GroupKind.Plain);
            (_isMultiline, _isExtended) = (multiline, extended);
            return group;
        }

        _at = Ends ? throw Error("a '(' is not closed") : _at + 1;
        return options.Length == 0 ? new PatternNode.Sequence([]) : new PatternNode.Options($"(?{options})");
    }

    private PatternNode? ParseEscape()
    {
        if (Ends)
        {
            throw Error("a backslash stands at the end");
        }

        var c = _pattern[_at];
        if (ByteSet.OfShorthand(c) is { } set)
        {
            _at++;
            return char.IsUpper(c) && c != 'N' ? new PatternNode.Class(set.Not(), IsNegated: true) : new PatternNode.Class(set, IsNegated: false);
        }

        switch (c)
        {
            case 'b' or 'B' or 'A' or 'G' or 'z' or 'Z':
                _at++;
                return new PatternNode.Anchor("\\" + c);
            case 'R':
                _at++;
                return new PatternNode.Group("(?>", Newline(), GroupKind.Atomic);
            case 'Q':
                return ParseQuoted();
            case 'E':
                _at++;
                return null;
            case >= '1' and <= '9':
                return ParseReference();
            case 'p' or 'P' or 'X' or 'K' or 'g' or 'k' or 'C':
                throw Error($"'\\{c}' is not supported");
            default:
                return new PatternNode.Literal(ByteEscape.Read(_pattern, ref _at));
        }
    }

    private static PatternNode.Choice Newline() => new(
    [
        new PatternNode.Sequence([new PatternNode.Literal('\r'), new PatternNode.Literal('\n')]),
        new PatternNode.Class(new ByteSet().Add('\n', '\r').Add(0x85, 0x85), IsNegated: false),
    ]);

    private PatternNode.Sequence ParseQuoted()
    {
        var end = _pattern.IndexOf("\\E", _at, StringComparison.Ordinal);
        var text = _pattern[(_at + 1)..(end < 0 ? _pattern.Length : end)];
        _at = end < 0 ? _pattern.Length : end + 2;
        return new PatternNode.Sequence([.. text.Select(c => new PatternNode.Literal(c))]);
    }

    private PatternNode ParseReference()
    {
        var start = _at;
        while (!Ends && char.IsAsciiDigit(Current) && _at < start + 3)
        {
            _at++;
        }

        var number = int.Parse(_pattern.AsSpan(start.._at), CultureInfo.InvariantCulture);
        if (number < 10)
        {
            return new PatternNode.Reference(number);
        }

        // No rule has that many groups: a byte in octal digits.
        _at = start;
        return new PatternNode.Literal(ByteEscape.Read(_pattern, ref _at));
    }
}
