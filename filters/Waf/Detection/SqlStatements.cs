namespace FilterProxy.Filters.Waf.Detection;

/// <summary>
/// How statements begin, as phrases of a few terms, and where the reading of one stands. Terms: O an object such as TABLE, N a name, V a variable,
/// L a literal, P a stored procedure of the server, I INTO, F FROM, S SET, D DELAY or TIME, other characters themselves.
/// </summary>
internal struct SqlStatements
{
    // All must fit one mask. "Strong": only where the input has left its value for certain. "Whole": nothing else begins so.
    private static readonly (SqlRole Verb, string Terms, bool Strong, bool Whole)[] Phrases =
    [
        (SqlRole.Drop, "ON", false, false),
        (SqlRole.Create, "ON", false, false),
        (SqlRole.Alter, "ON", false, false),
        (SqlRole.Truncate, "ON", false, false),
        (SqlRole.Backup, "ON", false, false),
        (SqlRole.Backup, "OL", false, true),
        (SqlRole.Use, "N", true, false),
        (SqlRole.Insert, "IN", false, false),
        (SqlRole.Replace, "IN", false, false),
        (SqlRole.Merge, "IN", false, false),
        (SqlRole.Delete, "FN", false, false),
        (SqlRole.Update, "NSN=", false, true),
        (SqlRole.Exec, "P", false, true),
        (SqlRole.Exec, "V", false, true),
        (SqlRole.Exec, "(", true, true),
        (SqlRole.Exec, "NL", true, true),
        (SqlRole.Exec, "N", true, false),
        (SqlRole.Call, "N(", true, true),
        (SqlRole.Declare, "V", false, true),
        (SqlRole.Declare, "NN", true, false),
        (SqlRole.Waitfor, "DL", false, true),
        (SqlRole.Shutdown, "", true, false),
        (SqlRole.SetWord, "V=", false, true),
        (SqlRole.SetWord, "N=", true, true),
        (SqlRole.Load, "NNL", false, true),
        (SqlRole.Copy, "NF", true, true),
        (SqlRole.Copy, "(", true, true),
        (SqlRole.Show, "N", true, false),
        (SqlRole.Kill, "L", true, false),
        (SqlRole.Handler, "NN", true, false),
        (SqlRole.Prepare, "NF", true, true),
    ];

    private ulong _alive;
    private int _step;
    private bool _stacked;
    private bool _strong;
    private bool _complete;

    public readonly bool IsActive => _alive != 0 || _complete;

    /// <param name="verb">The statement's first word.</param>
    /// <param name="stacked">Whether a semicolon went before it.</param>
    /// <param name="lead">How the input began.</param>
    public SqlVerdict Begin(SqlRole verb, bool stacked, SqlLead lead)
    {
        (_step, _stacked, _strong, _alive, _complete) = (0, stacked, lead == SqlLead.Strong, 0, false);
        for (var i = 0; i < Phrases.Length; i++)
        {
            if (Phrases[i].Verb == verb && (_strong || !Phrases[i].Strong))
            {
                _alive |= 1UL << i;
            }
        }

        return _alive == 0 ? SqlVerdict.Harmless : Complete();
    }

    public SqlVerdict Read(in SqlToken token, ReadOnlySpan<byte> input)
    {
        if (_complete && EndsStatement(token, input))
        {
            return SqlVerdict.Injection;
        }

        // IF [NOT] EXISTS
        if (token.Role == SqlRole.If || (token.Kind == SqlKind.Not && token.Role == SqlRole.None))
        {
            return SqlVerdict.Continue;
        }

        for (var rest = _alive; rest != 0; rest &= rest - 1)
        {
            var i = System.Numerics.BitOperations.TrailingZeroCount(rest);
            if (_step >= Phrases[i].Terms.Length || !Is(Phrases[i].Terms[_step], token, input))
            {
                _alive &= ~(1UL << i);
            }
        }

        _step++;
        _complete = false;
        return _alive == 0 ? SqlVerdict.Harmless : Complete();
    }

    private SqlVerdict Complete()
    {
        for (var rest = _alive; rest != 0; rest &= rest - 1)
        {
            var phrase = Phrases[System.Numerics.BitOperations.TrailingZeroCount(rest)];
            if (_step == phrase.Terms.Length)
            {
                if (phrase.Whole || (_stacked && _strong && _step > 1))
                {
                    return SqlVerdict.Injection;
                }

                _complete = true;
            }
        }

        return SqlVerdict.Continue;
    }

    // A title or a sentence ("Drop table reservations") just ends: alone it proves nothing, behind a semicolon it does.
    private readonly bool EndsStatement(in SqlToken token, ReadOnlySpan<byte> input) => token.Kind switch
    {
        SqlKind.End => _stacked && _step > 1,
        SqlKind.Semicolon or SqlKind.Open or SqlKind.Compare => true,
        SqlKind.Comment => _stacked || !SqlText.IsProse(input.Slice(token.Start, token.Length)),
        SqlKind.Statement => token.Role is SqlRole.Select or SqlRole.SetWord,
        SqlKind.Clause => token.Role is SqlRole.Where or SqlRole.Values,
        _ => false,
    };

    private static bool Is(char term, in SqlToken token, ReadOnlySpan<byte> input) => term switch
    {
        'O' => token.Role is SqlRole.Table or SqlRole.Object or SqlRole.Procedure or SqlRole.Info,
        'N' => token.IsName || token.Kind == SqlKind.Variable,
        'V' => token.Kind == SqlKind.Variable,
        'L' => token.Kind is SqlKind.Number or SqlKind.Text or SqlKind.Variable,
        'P' => token.IsName && IsProcedure(input.Slice(token.Start, token.Length)),
        'I' => token.Role == SqlRole.Into,
        'F' => token.Role == SqlRole.From,
        'S' => token.Role == SqlRole.SetWord,
        'D' => token.Role == SqlRole.Delay,
        '=' => token.Kind == SqlKind.Compare,
        _ => token.Kind == SqlKind.Open,
    };

    private static bool IsProcedure(ReadOnlySpan<byte> name)
    {
        var last = name[(name.LastIndexOf((byte)'.') + 1)..];
        return last.Length > 3 && (last[0] | 0x20) is 'x' or 's' && (last[1] | 0x20) == 'p' && last[2] == '_';
    }
}
