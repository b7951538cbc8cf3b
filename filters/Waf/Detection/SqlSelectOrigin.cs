namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What stood before a SELECT.</summary>
internal enum SqlSelectOrigin : byte
{
    None,

    /// <summary>Nothing: the input is a query from its first word.</summary>
    Start,

    /// <summary>UNION and its like.</summary>
    Set,

    /// <summary>An opening bracket or EXISTS: a subquery.</summary>
    Brackets,

    /// <summary>A semicolon.</summary>
    Stacked,
}
