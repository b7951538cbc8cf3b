namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Reads an input as the rest of a statement it was put into: operand, operator, operand, clause, further statement. It stops at the first token
/// that no statement could go on with, which is the second or third one of nearly all prose, and says "injection" once what it read does
/// something that a value has no business to do (<see cref="SqlEvidence"/> holds those rules).
/// </summary>
internal ref struct SqlGrammar
{
    private readonly ReadOnlySpan<byte> _input;
    private SqlLexer _lexer;
    private SqlFingerprint _fingerprint;
    private SqlEvidence _evidence;
    private SqlSelect _select;
    private SqlStatements _statements;
    private SqlCalls _calls;
    private SqlToken _operand;
    private SqlRole _clause;
    private bool _isAfterOperand;
    private bool _isAfterBracket;
    private bool _isAfterBrace;
    private bool _isAfterSet;
    private bool _isAfterSemicolon;
    private int _cases;
    private bool _hasWhen;

    public SqlGrammar(ReadOnlySpan<byte> input, SqlContext context, Span<byte> fingerprint)
    {
        _input = input;
        _lexer = new SqlLexer(input, context);
        _fingerprint = new SqlFingerprint(fingerprint);
        _evidence = new SqlEvidence(input, context);
    }

    /// <summary>The letters of what was read, as many as the span given holds.</summary>
    public readonly int FingerprintLength => _fingerprint.Length;

    public readonly int Steps => _lexer.Steps;

    public bool IsInjection()
    {
        if (_evidence.Context.IsQuoted)
        {
            var lead = _lexer.Lead();
            if (lead.IsOpen)
            {
                return false;
            }

            _fingerprint.Add(lead.Kind);
            _evidence.BeginQuoted(lead);
            (_operand, _isAfterOperand) = (lead, true);
        }

        while (true)
        {
            var token = _lexer.Next();
            _fingerprint.Add(token.Kind);
            var verdict = _statements.IsActive ? _statements.Read(token, _input)
                : _isAfterSemicolon ? AfterSemicolon(token)
                : _isAfterOperand ? AfterOperand(token)
                : BeforeOperand(token);
            if (verdict != SqlVerdict.Continue)
            {
                return verdict == SqlVerdict.Injection;
            }

            if (token.Kind is SqlKind.End or SqlKind.Comment)
            {
                return false;
            }
        }
    }

    private SqlVerdict BeforeOperand(in SqlToken token)
    {
        var isAfterBracket = _isAfterBracket;
        _isAfterBracket = false;
        switch (token.Kind)
        {
            case SqlKind.Number or SqlKind.Text or SqlKind.Variable or SqlKind.Constant or SqlKind.Name or SqlKind.Function:
                return _isAfterSet ? SqlVerdict.Harmless : Operand(token, isAfterBracket);

            case SqlKind.Open:
                var verdict = _select.ExpectsItem ? _select.Item(true, _evidence.Lead) : _select.ExpectsTable ? _select.Table(_evidence.Lead) : SqlVerdict.Continue;
                _calls.Bracket();
                (_isAfterBracket, _isAfterBrace) = (true, token.Role == SqlRole.Brace);
                return verdict;

            case SqlKind.Close when isAfterBracket:
                return Close();

            case SqlKind.Operator when token.Role == SqlRole.Star && (_select.ExpectsItem || isAfterBracket):
                (_operand, _isAfterOperand) = (token, true);
                return _select.Item(true, _evidence.Lead);

            case SqlKind.Operator when token.Role == SqlRole.Sign && !_evidence.IsStart:
            case SqlKind.Backslash:
                _isAfterBracket = isAfterBracket;
                return SqlVerdict.Continue;

            case SqlKind.Not:
                _isAfterBracket = isAfterBracket;
                _evidence.Negate();
                return SqlVerdict.Continue;

            case SqlKind.Statement when token.Role == SqlRole.Select:
                if (!_isAfterSet && !isAfterBracket && !_evidence.IsStart)
                {
                    return SqlVerdict.Harmless;
                }

                _select.Begin(_isAfterSet ? SqlSelectOrigin.Set : _evidence.IsStart && !isAfterBracket ? SqlSelectOrigin.Start : SqlSelectOrigin.Brackets);
                _isAfterSet = false;
                if (_evidence.IsStart)
                {
                    _evidence.BeginWeak();
                }

                return SqlVerdict.Continue;

            case SqlKind.Clause:
                return ClauseBeforeOperand(token);

            case SqlKind.Statement when _evidence.IsStart:
                _evidence.BeginWeak();
                return _statements.Begin(token.Role, stacked: false, SqlLead.Weak);
        }

        if (!_evidence.IsStart)
        {
            return SqlVerdict.Harmless;
        }

        _evidence.BeginWeak();
        return AfterOperand(token);
    }

    private SqlVerdict ClauseBeforeOperand(in SqlToken token)
    {
        switch (token.Role)
        {
            case SqlRole.By when _clause == SqlRole.Order:
            case SqlRole.When when _cases > 0:
                _hasWhen = true;
                return SqlVerdict.Continue;

            case SqlRole.Else when _hasWhen:
            case SqlRole.Quantifier when _isAfterSet || _select.ExpectsItem || !_evidence.IsStart:
            case SqlRole.Top when _select.ExpectsItem:
            case SqlRole.File when _clause == SqlRole.Into:
                _clause = token.Role;
                return SqlVerdict.Continue;

            case SqlRole.Case:
                _cases++;
                return _select.ExpectsItem ? _select.Item(true, _evidence.Lead) : SqlVerdict.Continue;

            case SqlRole.Values or SqlRole.Table when _isAfterSet:
                return _evidence.Lead == SqlLead.Strong ? SqlVerdict.Injection : SqlVerdict.Harmless;

            // Words that are columns as often as they are anything else.
            case SqlRole.Delay or SqlRole.Object or SqlRole.Top or SqlRole.Values or SqlRole.Sort or SqlRole.Offset when !_isAfterSet:
                return Operand(token with { Kind = SqlKind.Name, Role = SqlRole.None }, false);
        }

        if (!_evidence.IsStart)
        {
            return SqlVerdict.Harmless;
        }

        _evidence.BeginWeak();
        return ClauseAfterOperand(token);
    }

    private SqlVerdict Operand(in SqlToken token, bool isAfterBracket)
    {
        // {fn now()}, {d '2020-01-01'}: the word is none of the expression.
        if (_isAfterBrace && isAfterBracket && token.IsName)
        {
            _isAfterBrace = false;
            return SqlVerdict.Continue;
        }

        // TOP 5 column
        if (_clause == SqlRole.Top && token.Kind == SqlKind.Number)
        {
            _clause = SqlRole.None;
            return SqlVerdict.Continue;
        }

        if ((_clause == SqlRole.File && token.Kind == SqlKind.Text) || (_clause == SqlRole.Into && token.Kind == SqlKind.Variable))
        {
            return _evidence.Lead == SqlLead.Strong ? SqlVerdict.Injection : SqlVerdict.Continue;
        }

        var verdict = _evidence.Operand(token, isAfterBracket, _select.HasTable);
        if (verdict == SqlVerdict.Continue && _select.ExpectsItem)
        {
            verdict = _select.Item(!token.IsName, _evidence.Lead);
        }
        else if (verdict == SqlVerdict.Continue && _select.ExpectsTable)
        {
            verdict = _select.Table(_evidence.Lead);
        }

        (_operand, _isAfterOperand) = (token, true);
        return verdict;
    }

    private SqlVerdict AfterOperand(in SqlToken token)
    {
        if (_select.Tail(token) == SqlVerdict.Injection)
        {
            return SqlVerdict.Injection;
        }

        switch (token.Kind)
        {
            case SqlKind.Logical:
                _evidence.Logical(token);
                return Expect();

            case SqlKind.Compare:
                _evidence.Compare(token.Role, _operand);
                return Expect();

            case SqlKind.Not when token.Role == SqlRole.Tilde:
                _evidence.Compare(SqlRole.Symbol, _operand);
                return Expect();

            case SqlKind.Not when token.Role == SqlRole.None:
                return SqlVerdict.Continue;

            case SqlKind.Operator or SqlKind.Cast:
                _evidence.Operator();
                return Expect();

            case SqlKind.Comma:
                _evidence.Comma();
                Expect();
                return _evidence.CallEnds(_calls.Innermost) == SqlVerdict.Injection ? SqlVerdict.Injection
                    : _select.IsOpen && !_select.HasTable ? _select.Item(true, _evidence.Lead) : SqlVerdict.Continue;

            case SqlKind.Open:
                return Call();

            case SqlKind.Close:
                return Close();

            case SqlKind.Semicolon:
                _isAfterSemicolon = true;
                return SqlVerdict.Continue;

            case SqlKind.Set:
                _isAfterSet = true;
                return Expect();

            case SqlKind.Statement or SqlKind.Function when token.Kind == SqlKind.Statement || token.Role == SqlRole.Replace:
                return _evidence.Lead == SqlLead.Strong ? _statements.Begin(token.Role, stacked: false, _evidence.Lead) : SqlVerdict.Harmless;

            case SqlKind.Clause:
                return ClauseAfterOperand(token);

            case SqlKind.Text when _operand.Kind == SqlKind.Text && _evidence.IsAfterOperator:
                _operand = token;
                return SqlVerdict.Continue;

            case SqlKind.Name or SqlKind.Function or SqlKind.Text:
                var isAlias = _select.HasTable || _clause == SqlRole.As;
                if (!isAlias && (token.Role != SqlRole.Evil || _evidence.Lead != SqlLead.Strong))
                {
                    return SqlVerdict.Harmless;
                }

                (_operand, _clause) = (token, SqlRole.None);
                return SqlVerdict.Continue;

            case SqlKind.End or SqlKind.Comment:
                return _evidence.CallEnds(_calls.Innermost) == SqlVerdict.Injection ? SqlVerdict.Injection : _evidence.Ends(token, _operand);

            default:
                return SqlVerdict.Harmless;
        }
    }

    private SqlVerdict ClauseAfterOperand(in SqlToken token)
    {
        var previous = _clause;
        _clause = token.Role;
        switch (token.Role)
        {
            case SqlRole.From when _select.IsOpen && _calls.Innermost == SqlRole.None:
                _select.From();
                return Expect();

            case SqlRole.From when _calls.Innermost != SqlRole.None:
                return Expect();

            case SqlRole.For when previous == SqlRole.From && _calls.Innermost == SqlRole.Slice:
                return SqlVerdict.Injection;

            case SqlRole.Where or SqlRole.Having or SqlRole.On:
                _evidence.Condition(token.Role);
                return Expect();

            case SqlRole.Order:
                _evidence.OrderBy();
                return Expect();

            case SqlRole.Limit when _select.HasTable:
                return SqlVerdict.Injection;

            case SqlRole.When when _cases > 0:
                _hasWhen = true;
                return Expect();

            case SqlRole.Limit or SqlRole.Offset or SqlRole.Into or SqlRole.Procedure or SqlRole.Collate or SqlRole.Join or SqlRole.Else:
                _evidence.Clause();
                return Expect();

            case SqlRole.Then when _hasWhen:
                return SqlVerdict.Injection;

            case SqlRole.As or SqlRole.Sort or SqlRole.EndCase:
                return SqlVerdict.Continue;

            default:
                return SqlVerdict.Harmless;
        }
    }

    private SqlVerdict Expect()
    {
        _isAfterOperand = false;
        return SqlVerdict.Continue;
    }

    // A name and a bracket: a call. In a select list that is an item no sentence has.
    private SqlVerdict Call()
    {
        if (!_operand.IsName)
        {
            return SqlVerdict.Harmless;
        }

        var role = _operand.Kind == SqlKind.Function ? _operand.Role : SqlRole.None;
        if ((_clause == SqlRole.Procedure && _evidence.Lead == SqlLead.Strong)
            || (role == SqlRole.Info && _calls.Innermost != SqlRole.None)
            || (_select.IsOpen && _select.Item(true, _evidence.Lead) == SqlVerdict.Injection))
        {
            return SqlVerdict.Injection;
        }

        _calls.Call(role, _evidence.IsAfterOperator);
        _evidence.CallBegins();
        _isAfterBracket = true;
        return Expect();
    }

    private SqlVerdict Close()
    {
        var (role, isCall, isAfterOperator) = _calls.Leave();
        if (_evidence.CallEnds(role) == SqlVerdict.Injection || _evidence.Called(role, isAfterOperator) == SqlVerdict.Injection)
        {
            return SqlVerdict.Injection;
        }

        _isAfterOperand = true;
        if (isCall || !_operand.IsLiteral)
        {
            _operand = _operand with { Kind = SqlKind.Close };
        }

        return SqlVerdict.Continue;
    }

    private SqlVerdict AfterSemicolon(in SqlToken token)
    {
        _isAfterSemicolon = false;
        switch (token.Kind)
        {
            case SqlKind.Semicolon:
                _isAfterSemicolon = true;
                return SqlVerdict.Continue;

            case SqlKind.Comment:
                return _evidence.IsCutOff(token) ? SqlVerdict.Injection : SqlVerdict.Harmless;

            case SqlKind.Statement when token.Role == SqlRole.Select:
                _select.Begin(SqlSelectOrigin.Stacked);
                return Expect();

            case SqlKind.Statement when token.Role == SqlRole.Do:
                return Expect();

            case SqlKind.Function when token.Role is SqlRole.Evil or SqlRole.If && _evidence.Lead == SqlLead.Strong:
                _evidence.Logical(token);
                return Operand(token, false);

            case SqlKind.Statement or SqlKind.Function:
                return _statements.Begin(token.Role, stacked: true, _evidence.Lead);

            default:
                return SqlVerdict.Harmless;
        }
    }
}
