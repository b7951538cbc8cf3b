namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Cuts an input into tokens of SQL as one context reads it. It only ever moves forward, and whatever it searches it also passes: the work for
/// an input grows with its length alone.
/// </summary>
internal ref struct SqlLexer(ReadOnlySpan<byte> input, SqlContext context)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private readonly SqlContext _context = context;
    private int _at;
    private int _tokens;
    private bool _versioned;

    /// <summary>The work so far: bytes passed and tokens made.</summary>
    public readonly int Steps => _at + _tokens;

    /// <summary>The rest of the string that the statement opened before the input: up to its quote, or open.</summary>
    public SqlToken Lead() => Quoted(0, 0, _context.Quote, SqlKind.Text);

    public SqlToken Next()
    {
        _tokens++;
        if (SkipSpace() is { Kind: SqlKind.Comment } comment)
        {
            return comment;
        }

        if (_at >= _input.Length)
        {
            return new SqlToken(SqlKind.End, SqlRole.None, _input.Length, 0);
        }

        var b = _input[_at];
        if (SqlText.IsDigit(b) || (b == '.' && SqlText.IsDigit(Peek(1))))
        {
            return Number();
        }

        if (SqlText.IsLetter(b) || b == '_' || b >= 0x80)
        {
            return Word();
        }

        return b switch
        {
            (byte)'\'' or (byte)'"' => Quoted(_at, _at + 1, b, SqlKind.Text),
            (byte)'`' => Quoted(_at, _at + 1, b, SqlKind.Name),
            (byte)'[' when !_context.IsMySql => Until(1, "]"u8, SqlKind.Name),
            (byte)'@' => Variable(),
            (byte)'$' => Dollar(),
            _ => Sign(),
        };
    }

    private readonly byte Peek(int distance) => _at + distance < _input.Length ? _input[_at + distance] : (byte)0;

    private SqlToken Take(SqlKind kind, int length, SqlRole role = SqlRole.None)
    {
        var token = new SqlToken(kind, role, _at, length);
        _at += length;
        return token;
    }

    // Comments count as space, as they do to a database, unless nothing comes after them.
    private SqlToken SkipSpace()
    {
        while (_at < _input.Length)
        {
            if (SqlText.IsSpace(_input, _at))
            {
                _at++;
                continue;
            }

            var (b, next) = (_input[_at], Peek(1));
            if (b == '/' && next == '*')
            {
                if (_context.IsMySql && Peek(2) == '!')
                {
                    _versioned = true;
                    _at += 3;
                    while (_at < _input.Length && SqlText.IsDigit(_input[_at]))
                    {
                        _at++;
                    }

                    continue;
                }

                var end = _input[(_at + 2)..].IndexOf("*/"u8);
                if (end < 0)
                {
                    return Take(SqlKind.Comment, _input.Length - _at);
                }

                _at += end + 4;
            }
            else if (b == '*' && next == '/' && _versioned)
            {
                _at += 2;
            }
            else if ((b == '#' && _context.IsMySql) || (b == '-' && next == '-' && (!_context.IsMySql || _at + 2 >= _input.Length || Peek(2) <= ' ')))
            {
                var end = _input[_at..].IndexOf((byte)'\n');
                if (end < 0 || _input[(_at + end)..].TrimStart(" \t\r\n\0"u8).IsEmpty)
                {
                    return Take(SqlKind.Comment, (end < 0 ? _input.Length : _at + end) - _at);
                }

                _at += end + 1;
            }
            else
            {
                break;
            }
        }

        return default;
    }

    private SqlToken Number()
    {
        var start = _at;
        if (_input[_at] == '0' && (Peek(1) | 0x20) is 'x' or 'b')
        {
            _at += 2;
        }
        else
        {
            while (SqlText.IsDigit(Peek(0)) || Peek(0) == '.')
            {
                _at++;
            }

            // MySQL reads "1.e" as a number too, whatever follows it.
            var isWhole = _input[_at - 1] == '.' || SqlText.IsDigit(Peek(1));
            if ((Peek(0) | 0x20) == 'e' && (isWhole || (Peek(1) is (byte)'+' or (byte)'-' && SqlText.IsDigit(Peek(2)))))
            {
                _at += isWhole ? 1 : 2;
                while (SqlText.IsDigit(Peek(0)))
                {
                    _at++;
                }
            }
        }

        // "1or" is a number and a word, "2nd" and "0xfe" are one thing.
        var tail = _at;
        while (_at < _input.Length && SqlText.IsWord(_input, _at))
        {
            _at++;
        }

        var prefix = tail - start;
        if (_input[start] == '0' && prefix == 2 && (_input[start + 1] | 0x20) is 'x' or 'b')
        {
            return new SqlToken(SqlKind.Number, SqlRole.None, start, _at - start);
        }

        var kind = _at > tail ? SqlWords.Find(_input[tail.._at]).Kind : SqlKind.Logical;
        if (kind is not (SqlKind.Logical or SqlKind.Set or SqlKind.Compare or SqlKind.Operator or SqlKind.Clause))
        {
            return new SqlToken(SqlKind.Name, SqlRole.None, start, _at - start);
        }

        _at = tail;
        return new SqlToken(SqlKind.Number, SqlRole.None, start, tail - start);
    }

    private SqlToken Word()
    {
        var start = _at;
        do
        {
            _at++;
        }
        while (_at < _input.Length && (SqlText.IsWord(_input, _at) || (_input[_at] == '.' && _at + 1 < _input.Length && IsPartOfName(_at + 1))));

        var word = _input[start.._at];
        if (Peek(0) is (byte)'\'' or (byte)'"')
        {
            // A character set or the kind of the literal: N'text', _utf8'text', q'[text]'.
            if (word.Length == 1 && (word[0] | 0x20) == 'q' && !_context.IsMySql && Peek(0) == '\'')
            {
                return Alternative(start);
            }

            if ((word.Length == 1 && (word[0] | 0x20) is 'n' or 'x' or 'b' or 'e') || (word.Length > 3 && word[0] == '_'))
            {
                return Quoted(start, _at + 1, Peek(0), SqlKind.Text);
            }
        }

        var (kind, role) = SqlWords.Find(word);
        return new SqlToken(kind, role, start, word.Length);
    }

    // database.table, and database..table
    private readonly bool IsPartOfName(int at) =>
        (SqlText.IsWord(_input, at) && !SqlText.IsDigit(_input[at]))
        || (_input[at] == '.' && at + 1 < _input.Length && SqlText.IsLetter(_input[at + 1]));

    private SqlToken Alternative(int start)
    {
        ReadOnlySpan<byte> end = [Closing(Peek(1)), (byte)'\''];
        var length = _at + 2 < _input.Length ? _input[(_at + 2)..].IndexOf(end) : -1;
        _at = length < 0 ? _input.Length : _at + length + 4;
        return new SqlToken(SqlKind.Text, SqlRole.None, start, _at - start) { IsOpen = length < 0 };
    }

    private static byte Closing(byte opening) => opening switch
    {
        (byte)'[' => (byte)']',
        (byte)'(' => (byte)')',
        (byte)'{' => (byte)'}',
        (byte)'<' => (byte)'>',
        _ => opening,
    };

    // A doubled quote stands for one; so does one behind a backslash, to MySQL.
    private SqlToken Quoted(int start, int from, byte quote, SqlKind kind)
    {
        _at = from;
        while (_at < _input.Length)
        {
            var found = _context.IsMySql && quote != '`' ? _input[_at..].IndexOfAny(quote, (byte)'\\') : _input[_at..].IndexOf(quote);
            if (found < 0)
            {
                break;
            }

            _at += found + 1;
            if (_input[_at - 1] != quote)
            {
                _at++;
            }
            else if (Peek(0) == quote)
            {
                _at++;
            }
            else
            {
                return new SqlToken(kind, SqlRole.None, start, _at - start);
            }
        }

        _at = _input.Length;
        return new SqlToken(kind, SqlRole.None, start, _at - start) { IsOpen = true };
    }

    private SqlToken Until(int skip, ReadOnlySpan<byte> end, SqlKind kind)
    {
        var start = _at;
        var found = _input[(_at + skip)..].IndexOf(end);
        _at = found < 0 ? _input.Length : _at + skip + found + end.Length;
        return new SqlToken(kind, SqlRole.None, start, _at - start) { IsOpen = found < 0 };
    }

    private SqlToken Variable()
    {
        var start = _at;
        _at += Peek(1) == '@' ? 2 : 1;
        var role = _at - start == 2 ? SqlRole.Global : SqlRole.None;
        if (Peek(0) is (byte)'\'' or (byte)'"' or (byte)'`')
        {
            return Quoted(start, _at + 1, Peek(0), SqlKind.Variable);
        }

        var name = _at;
        while (_at < _input.Length && (SqlText.IsWord(_input, _at) || _input[_at] == '.'))
        {
            _at++;
        }

        return new SqlToken(_at > name ? SqlKind.Variable : SqlKind.Other, role, start, _at - start);
    }

    private SqlToken Dollar()
    {
        var end = _at + 1;
        while (end < _input.Length && (SqlText.IsLetter(_input[end]) || SqlText.IsDigit(_input[end])))
        {
            end++;
        }

        if (!_context.IsMySql && end < _input.Length && _input[end] == '$')
        {
            var tag = _input[_at..(end + 1)];
            return Until(tag.Length, tag, SqlKind.Text);
        }

        return Take(end > _at + 1 ? SqlKind.Variable : SqlKind.Other, end - _at);
    }

    private SqlToken Sign()
    {
        var (kind, role, length) = SqlSigns.Find(_input[_at..], _context.IsMySql);
        return Take(kind, length, role);
    }
}
