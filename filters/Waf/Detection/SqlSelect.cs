namespace FilterProxy.Filters.Waf.Detection;

/// <summary>The SELECT now being read: what led to it, and how much it looks like one.</summary>
internal struct SqlSelect
{
    private SqlSelectOrigin _origin;
    private bool _isCredible;
    private bool _isTailDue;

    public readonly bool IsOpen => _origin != SqlSelectOrigin.None;

    /// <summary>The first item has not come yet.</summary>
    public bool ExpectsItem { get; private set; }

    /// <summary>FROM was read and its first table has not come yet.</summary>
    public bool ExpectsTable { get; private set; }

    /// <summary>A table was read: what follows may be its alias, or a condition on it.</summary>
    public bool HasTable { get; private set; }

    public void Begin(SqlSelectOrigin origin) => this = new SqlSelect { _origin = origin, ExpectsItem = true };

    /// <summary>
    /// The first item is more than a word (a number, a string, a star, a call), or a second one follows it. After a UNION or in brackets behind a
    /// value nothing but a query reads so; else what comes next has its say.
    /// </summary>
    public SqlVerdict Item(bool isCredible, SqlLead lead)
    {
        ExpectsItem = false;
        if (!isCredible || _isCredible)
        {
            return SqlVerdict.Continue;
        }

        _isCredible = true;
        if (lead == SqlLead.Strong && _origin is SqlSelectOrigin.Set or SqlSelectOrigin.Brackets)
        {
            return SqlVerdict.Injection;
        }

        _isTailDue = _origin is SqlSelectOrigin.Set or SqlSelectOrigin.Brackets or SqlSelectOrigin.Stacked;
        return SqlVerdict.Continue;
    }

    /// <summary>What follows an item: a query goes on with an operator, a comma, FROM, or ends; a sentence goes on with a word.</summary>
    public SqlVerdict Tail(in SqlToken token)
    {
        if (!_isTailDue || token.Kind == SqlKind.Open)
        {
            return SqlVerdict.Continue;
        }

        _isTailDue = false;
        var goesOn = token.Role == SqlRole.From
            || token.Kind is SqlKind.Comma or SqlKind.Close or SqlKind.Operator or SqlKind.Logical
                or SqlKind.Semicolon or SqlKind.Comment or SqlKind.End;
        return goesOn ? SqlVerdict.Injection : SqlVerdict.Continue;
    }

    public void From() => (ExpectsItem, ExpectsTable) = (false, true);

    public SqlVerdict Table(SqlLead lead)
    {
        (ExpectsTable, HasTable) = (false, true);
        return _origin switch
        {
            SqlSelectOrigin.Set => SqlVerdict.Injection,
            SqlSelectOrigin.Brackets or SqlSelectOrigin.Stacked when lead == SqlLead.Strong || _isCredible => SqlVerdict.Injection,
            _ => _isCredible ? SqlVerdict.Injection : SqlVerdict.Continue,
        };
    }
}
