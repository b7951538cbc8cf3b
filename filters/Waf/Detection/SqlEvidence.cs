namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// What an expression has shown so far, and the rules that make it an injection. Each rule asks more of an input that begins like a sentence or
/// a search (<see cref="SqlLead.Weak"/>) than of one that has left its value.
/// </summary>
internal ref struct SqlEvidence(ReadOnlySpan<byte> input, SqlContext context)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private SqlToken _lead;
    private SqlToken _left;
    private SqlRole _compare;
    private Last _last;
    private int _logicals;
    private int _operators;
    private bool _onlyNames = true;
    private bool _isNegated;
    private bool _isCondition;
    private bool _isBetween;
    private bool _isComparedFirst;
    private bool _isFormula;
    private bool _hasArgument;

    private enum Last : byte
    {
        Nothing,
        Operator,
        Logical,
        Comma,
        Clause,
        OrderBy,
    }

    public SqlContext Context { get; } = context;

    public SqlLead Lead { get; private set; }

    public readonly bool IsStart => Lead == SqlLead.None;

    public readonly bool IsAfterOperator => _last != Last.Nothing;

    /// <summary>A comparison by likeness waits for its second operand.</summary>
    public readonly bool IsLike => _compare == SqlRole.Like;

    public void BeginQuoted(in SqlToken lead) => (_lead, Lead) = (lead, SqlLead.Strong);

    public void BeginWeak() => Lead = SqlLead.Weak;

    public void Negate() => _isNegated = true;

    public void Logical(in SqlToken token)
    {
        // x BETWEEN 1 AND 2
        if (_isBetween && token.Role == SqlRole.And)
        {
            _isBetween = false;
            return;
        }

        // A comparison before the first AND is no value: a formula or a search ("a = 1 and b = 2").
        if (_isComparedFirst && Lead == SqlLead.Strong && !Context.IsQuoted)
        {
            (Lead, _isFormula) = (SqlLead.Weak, true);
        }

        _logicals++;
        _operators++;
        (_last, _compare, _isCondition, _isNegated) = (Last.Logical, SqlRole.None, false, false);
    }

    public void Compare(SqlRole role, in SqlToken left)
    {
        _isComparedFirst |= _logicals == 0;
        (_compare, _left, _last, _operators) = (role, left, Last.Operator, _operators + 1);
    }

    public void Operator() => (_last, _operators) = (_last == Last.Logical ? Last.Logical : Last.Operator, _operators + 1);

    public void Comma() => (_last, _compare, _operators) = (Last.Comma, SqlRole.None, _operators + 1);

    public void Clause() => (_last, _compare, _operators) = (Last.Clause, SqlRole.None, _operators + 1);

    public void OrderBy() => (_last, _compare, _operators) = (Last.OrderBy, SqlRole.None, _operators + 1);

    /// <summary>WHERE is a word of mathematics, too: it must compare literals. HAVING is none.</summary>
    public void Condition(SqlRole clause)
    {
        _isCondition = clause != SqlRole.Having && _logicals == 0;
        _logicals++;
        (_last, _compare, _operators) = (Last.Logical, SqlRole.None, _operators + 1);
    }

    public SqlVerdict Operand(in SqlToken token, bool isAfterBracket, bool hasTable, bool isInIf)
    {
        if (IsStart)
        {
            (_lead, Lead) = (token, token.Kind == SqlKind.Number ? SqlLead.Strong : SqlLead.Weak);
        }

        _onlyNames &= token.IsName || _operators == 0;
        _hasArgument |= !token.IsName || Lead == SqlLead.Strong || IsAfterOperator || _input.Slice(token.Start, token.Length).Contains((byte)'.');
        if (token.Role == SqlRole.Global && IsAfterOperator && Lead == SqlLead.Strong)
        {
            return SqlVerdict.Injection;
        }

        if (_compare == SqlRole.None)
        {
            return SqlVerdict.Continue;
        }

        var compare = _compare;
        _compare = SqlRole.None;
        _isBetween = compare == SqlRole.Between;
        var isInjection = (isInIf && _left.IsLiteral && token.IsLiteral) || Compares(compare, token, isAfterBracket, hasTable);
        return isInjection ? SqlVerdict.Injection : SqlVerdict.Continue;
    }

    public void CallBegins() => _hasArgument = false;

    /// <summary>An argument of the innermost call has ended, and with the input or the bracket the call.</summary>
    public readonly SqlVerdict CallEnds(SqlRole role) => role == SqlRole.Evil && _hasArgument ? SqlVerdict.Injection : SqlVerdict.Continue;

    /// <summary>A call is complete: behind a value and an operator, what reads the server or takes text apart has no business in it.</summary>
    public readonly SqlVerdict Called(SqlRole role, bool isAfterOperator)
    {
        if (Lead != SqlLead.Strong || !isAfterOperator || role == SqlRole.None)
        {
            return SqlVerdict.Continue;
        }

        return role >= SqlRole.Extract || _logicals > 0 ? SqlVerdict.Injection : SqlVerdict.Continue;
    }

    /// <summary>The input is over, or all that is left is a comment.</summary>
    public readonly SqlVerdict Ends(in SqlToken end, in SqlToken operand)
    {
        var injection = Lead switch
        {
            SqlLead.Strong when Context.IsQuoted => end.Kind == SqlKind.Comment ? CutsOff(end) : BreaksOut(operand),
            SqlLead.Strong => end.Kind == SqlKind.Comment ? CutsOffAfterNumber(end) : IsAlwaysTrue(operand),
            _ => _last == Last.OrderBy && operand.Kind == SqlKind.Number && end.Kind == SqlKind.Comment && !IsProse(end),
        };
        return injection ? SqlVerdict.Injection : SqlVerdict.Harmless;
    }

    /// <summary>The statement ends at a semicolon and a comment hides what was behind it.</summary>
    public readonly bool IsCutOff(in SqlToken comment) => Lead == SqlLead.Strong && !IsProse(comment);

    private readonly bool Compares(SqlRole compare, in SqlToken right, bool isAfterBracket, bool hasTable)
    {
        if (_logicals == 0)
        {
            return false;
        }

        var literals = (_left.IsLiteral ? 1 : 0) + (right.IsLiteral ? 1 : 0);
        if (hasTable && literals > 0)
        {
            return true;
        }

        if (Lead != SqlLead.Strong || _isCondition)
        {
            var isSame = compare == SqlRole.Symbol && Text(_left).SequenceEqual(Text(right));
            return literals == 2 ? !_isFormula || isSame : isSame && _left.IsName;
        }

        return compare switch
        {
            SqlRole.Symbol => true,
            SqlRole.In => isAfterBracket,
            SqlRole.Is => right.Kind == SqlKind.Constant,
            _ => right.IsLiteral || isAfterBracket,
        };
    }

    // admin'--   ') or x --   ' order by 3 #
    private readonly bool CutsOff(in SqlToken comment)
    {
        var lead = Text(_lead)[..^1];
        if (SqlText.OpensQuote(lead) || (_operators == 0 && (lead.IsEmpty || SqlText.IsProse(lead) || SqlText.HasControls(lead))))
        {
            return IsBare(comment);
        }

        return !IsProse(comment) || (_operators > 0 && !_onlyNames);
    }

    // The value ends, operators follow, and the statement's own quote is met by one at the end: ' or 'a   '+'   ' or 1
    private readonly bool BreaksOut(in SqlToken last)
    {
        if (_operators == 0)
        {
            return false;
        }

        if (last.Kind == SqlKind.Text && last.IsOpen && _input[last.Start] == Context.Quote)
        {
            // Code that holds an operator in quotes looks just so: split('='), join(" or ").
            return _last is Last.Operator or Last.Logical && SqlText.IsPlain(Text(_lead)[..^1]) && SqlText.IsPlain(Text(last)[1..]);
        }

        // Val-d'Or 16   5' or 6
        if (SqlText.IsWord(_input, _lead.Start + _lead.Length) || (_lead.Length > 1 && SqlText.IsDigit(Text(_lead)[^2])))
        {
            return false;
        }

        return _last switch
        {
            Last.Logical => last.Kind is SqlKind.Number or SqlKind.Constant or SqlKind.Variable || (_isNegated && !last.IsName),
            Last.OrderBy => last.Kind == SqlKind.Number,
            _ => false,
        };
    }

    private readonly bool CutsOffAfterNumber(in SqlToken comment)
    {
        var isProse = IsProse(comment);
        if (_logicals > 0 || _last is Last.OrderBy or Last.Clause)
        {
            return !isProse;
        }

        // 1--   1/*   and 1) -- , where the bracket shows that something was closed.
        return _operators == 0 && IsBare(comment) && Text(comment).Length > 1
            && (!SqlText.IsSpace(_input, comment.Start - 1) || _input[..comment.Start].TrimEnd(" \t\r\n"u8)[^1] == ')');
    }

    // 1 or 1   1 and true   1 or !x   1 order by 9
    private readonly bool IsAlwaysTrue(in SqlToken last) => _last switch
    {
        Last.Logical => last.Kind == SqlKind.Constant || _isNegated || (_lead.Kind == SqlKind.Number && Text(_lead).SequenceEqual(Text(last))),
        Last.OrderBy => last.Kind == SqlKind.Number,
        _ => false,
    };

    private readonly ReadOnlySpan<byte> Text(in SqlToken token) => _input.Slice(token.Start, token.Length);

    // Nothing but what makes it a comment: -- -   --+   #   /*
    private readonly bool IsBare(in SqlToken comment) => Text(comment).Trim(" -+/*#\t\r\n"u8).IsEmpty;

    private readonly bool IsProse(in SqlToken comment) => SqlText.IsProse(Text(comment));
}
