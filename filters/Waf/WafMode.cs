namespace FilterProxy.Filters.Waf;

/// <summary>What becomes of an exchange that rules would stop.</summary>
public enum WafMode
{
    /// <summary>It passes, and logs say so.</summary>
    Detect,

    /// <summary>It is stopped.</summary>
    Block,
}
