namespace FilterProxy.Filters.Waf.Detection;

/// <summary>A token of SQL and where it stands in the input.</summary>
internal readonly record struct SqlToken(SqlKind Kind, SqlRole Role, int Start, int Length)
{
    /// <summary>A literal or quoted name whose end is not in the input.</summary>
    public bool IsOpen { get; init; }

    /// <summary>A number, a string or a constant: what cannot be a word of a sentence taken for a column.</summary>
    public bool IsLiteral => Kind is SqlKind.Number or SqlKind.Text or SqlKind.Constant;

    public bool IsName => Kind is SqlKind.Name or SqlKind.Function;
}
