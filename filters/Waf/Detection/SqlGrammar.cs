namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// Reads an input as the rest of a statement it was put into: operand, operator, operand, clause, further statement. It stops at the first token
/// that no statement could go on with, which is the second or third one of nearly all prose, and says "injection" once what it read does
/// something that a value has no business to do (<see cref="SqlEvidence"/> holds those rules).
/// </summary>
internal ref partial struct SqlGrammar
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
}
