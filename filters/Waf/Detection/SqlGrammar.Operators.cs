namespace FilterProxy.Filters.Waf.Detection;

/// <content>What goes on behind an operand, and behind a statement.</content>
internal ref partial struct SqlGrammar
{
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
                if (!isAlias && (token.Role is not (SqlRole.Evil or SqlRole.If) || _evidence.Lead != SqlLead.Strong))
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
                _clause = SqlRole.Do;
                return Expect();

            case SqlKind.Open when _evidence.Lead == SqlLead.Strong:
                Expect();
                return BeforeOperand(token);

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
