namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Cuts an input into the parts of HTML that can do something, as the tokenizer of the HTML standard does (13.2.5), from the context the input
/// stands in. It only moves forward.
/// </summary>
internal ref struct HtmlScanner
{
    private const int LongestBeginning = 32;

    private readonly ReadOnlySpan<byte> _input;
    private readonly bool _isLoose;
    private int _at;
    private int _tokens;
    private State _state;

    public HtmlScanner(ReadOnlySpan<byte> input, HtmlContext context)
    {
        _input = input;
        _isLoose = context == HtmlContext.Loose;
        switch (context)
        {
            case HtmlContext.Unquoted:
                SkipUnquoted();
                _state = State.Attributes;
                break;
            case HtmlContext.SingleQuoted:
                Leave((byte)'\'');
                break;
            case HtmlContext.DoubleQuoted:
                Leave((byte)'"');
                break;
            case HtmlContext.BackQuoted:
                Leave((byte)'`');
                break;
        }
    }

    private enum State : byte
    {
        Data,
        Attributes,
        Value,
    }

    /// <summary>The part of the input the last token is made of.</summary>
    public ReadOnlySpan<byte> Text { get; private set; }

    /// <summary>The work so far: bytes passed and tokens made.</summary>
    public readonly int Steps => _at + _tokens;

    public HtmlKind Next()
    {
        _tokens++;
        return _state switch
        {
            State.Attributes => Attribute(),
            State.Value => Value(),
            _ => Data(),
        };
    }

    private static bool IsSpace(byte b) => b <= ' ';

    private void Leave(byte quote)
    {
        var end = _input.IndexOf(quote);
        _at = end < 0 ? _input.Length : end + 1;
        _state = State.Attributes;
    }

    private HtmlKind Data()
    {
        while (true)
        {
            var found = _input[_at..].IndexOf((byte)'<');
            if (found < 0 || _at + found + 1 >= _input.Length)
            {
                _at = _input.Length;
                return HtmlKind.End;
            }

            _at += found + 1;
            switch (_input[_at])
            {
                case (byte)'/':
                    _at++;
                    return Name(HtmlKind.EndTag);

                case (byte)'!':
                    _at++;
                    return _input[_at..].StartsWith("--"u8) ? Comment() : UntilBracket(HtmlKind.Declaration);

                case (byte)'?':
                    _at++;
                    return UntilBracket(HtmlKind.Instruction);

                // Some take a zero for nothing.
                case 0:
                case var b when SqlText.IsLetter(b):
                    return Name(HtmlKind.Tag);
            }
        }
    }

    private HtmlKind Name(HtmlKind kind)
    {
        var start = _at;
        while (_at < _input.Length && !EndsTagName(_input[_at]))
        {
            _at++;
        }

        Text = _input[start.._at];
        _state = State.Attributes;
        return kind;
    }

    private readonly bool EndsTagName(byte b) => b is (byte)'/' or (byte)'>' || (IsSpace(b) && b != 0) || (_isLoose && b == '<');

    private HtmlKind Comment()
    {
        _at += 2;
        if (_isLoose)
        {
            return Beginning(HtmlKind.Comment);
        }

        var rest = _input[_at..];
        if (rest.StartsWith(">"u8) || rest.StartsWith("->"u8))
        {
            Text = default;
            return HtmlKind.Comment;
        }

        var end = rest.IndexOf("--"u8);
        while (end >= 0 && end + 2 < rest.Length && rest[end + 2] != '>' && !rest[(end + 2)..].StartsWith("!>"u8))
        {
            var next = rest[(end + 1)..].IndexOf("--"u8);
            end = next < 0 ? -1 : end + 1 + next;
        }

        Text = end < 0 ? rest : rest[..end];
        _at += end < 0 ? rest.Length : end + 2;
        return HtmlKind.Comment;
    }

    // Where a comment binds nothing its end is not looked for: searched but not passed, the same bytes would be searched again and again.
    private HtmlKind Beginning(HtmlKind kind)
    {
        Text = _input.Slice(_at, Math.Min(LongestBeginning, _input.Length - _at));
        return kind;
    }

    private HtmlKind UntilBracket(HtmlKind kind)
    {
        if (_isLoose)
        {
            return Beginning(kind);
        }

        var end = _input[_at..].IndexOf((byte)'>');
        Text = end < 0 ? _input[_at..] : _input.Slice(_at, end);
        _at += end < 0 ? Text.Length : end + 1;
        return kind;
    }

    private HtmlKind Attribute()
    {
        while (_at < _input.Length && (IsSpace(_input[_at]) || _input[_at] == '/'))
        {
            _at++;
        }

        if (_at >= _input.Length)
        {
            return HtmlKind.End;
        }

        if (_input[_at] == '>' || (_isLoose && _input[_at] == '<'))
        {
            _at += _input[_at] == '>' ? 1 : 0;
            _state = State.Data;
            Text = default;
            return HtmlKind.TagEnd;
        }

        // A quote that stands alone is a name of its own here: what some parser skipped must not hide the name behind it.
        var start = _at++;
        while (_at < _input.Length && !EndsName(_input[_at]))
        {
            _at++;
        }

        Text = _input[start.._at].TrimStart("\"'`"u8);
        while (_at < _input.Length && IsSpace(_input[_at]))
        {
            _at++;
        }

        if (_at < _input.Length && _input[_at] == '=')
        {
            _at++;
            _state = State.Value;
        }

        return HtmlKind.AttributeName;
    }

    private readonly bool EndsName(byte b) => b is (byte)'/' or (byte)'>' or (byte)'=' || IsSpace(b) || (_isLoose && b == '<');

    private HtmlKind Value()
    {
        _state = State.Attributes;
        while (_at < _input.Length && IsSpace(_input[_at]))
        {
            _at++;
        }

        if (_at >= _input.Length)
        {
            return HtmlKind.End;
        }

        var first = _input[_at];
        if (first is (byte)'"' or (byte)'\'' or (byte)'`' && !_isLoose)
        {
            var end = _input[(_at + 1)..].IndexOf(first);
            Text = end < 0 ? _input[(_at + 1)..] : _input.Slice(_at + 1, end);
            _at = end < 0 ? _input.Length : _at + end + 2;
            return HtmlKind.AttributeValue;
        }

        var start = _at;
        SkipUnquoted();
        Text = _input[start.._at].Trim("\"'`"u8);
        return HtmlKind.AttributeValue;
    }

    private void SkipUnquoted()
    {
        while (_at < _input.Length && _input[_at] != '>' && !IsSpace(_input[_at]) && !(_isLoose && _input[_at] == '<'))
        {
            _at++;
        }
    }
}
