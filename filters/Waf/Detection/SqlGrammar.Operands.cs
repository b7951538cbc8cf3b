namespace FilterProxy.Filters.Waf.Detection;

/// <content>Where an operand is due.</content>
internal ref partial struct SqlGrammar
{
    private SqlVerdict BeforeOperand(in SqlToken token)
    {
        var isAfterBracket = _isAfterBracket;
        _isAfterBracket = false;
        switch (token.Kind)
        {
            case SqlKind.Number or SqlKind.Text or SqlKind.Variable or SqlKind.Constant or SqlKind.Name or SqlKind.Function:
                return _isAfterSet ? SqlVerdict.Harmless : Operand(token, isAfterBracket);

            case SqlKind.Open:
                var verdict = _select.ExpectsItem ? _select.Item(true, _evidence.Lead)
                    : _select.ExpectsTable ? _select.Table(_evidence.Lead)
                    : SqlVerdict.Continue;
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

                _select.Begin(_isAfterSet ? SqlSelectOrigin.Set
                    : _evidence.IsStart && !isAfterBracket ? SqlSelectOrigin.Start
                    : SqlSelectOrigin.Brackets);
                _isAfterSet = false;
                if (_evidence.IsStart)
                {
                    _evidence.BeginWeak();
                }

                return SqlVerdict.Continue;

            // SOUNDS LIKE
            case SqlKind.Compare when token.Role == SqlRole.Like && _evidence.IsLike:
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
            case SqlRole.When when _cases > 0:
                _hasWhen = true;
                return SqlVerdict.Continue;

            case SqlRole.By when _clause == SqlRole.Order:
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

        if ((_clause is SqlRole.File or SqlRole.Do && token.Kind == SqlKind.Text) || (_clause == SqlRole.Into && token.Kind == SqlKind.Variable))
        {
            return _evidence.Lead == SqlLead.Strong ? SqlVerdict.Injection : SqlVerdict.Continue;
        }

        var verdict = _evidence.Operand(token, isAfterBracket, _select.HasTable, _calls.Innermost == SqlRole.If);
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
}
