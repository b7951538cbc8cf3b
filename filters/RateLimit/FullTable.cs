namespace FilterProxy.Filters.RateLimit;

/// <summary>What becomes of a new key when there is room for no more, and every kept one still counts.</summary>
public enum FullTable
{
    /// <summary>All such keys share one allowance.</summary>
    Share,

    /// <summary>They are refused.</summary>
    Refuse,
}
