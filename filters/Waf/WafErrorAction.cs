namespace FilterProxy.Filters.Waf;

/// <summary>What becomes of an exchange that cannot be inspected.</summary>
public enum WafErrorAction
{
    /// <summary>It is refused with 500: the rule that could not be asked might be the one that matters.</summary>
    Deny,

    /// <summary>It goes on as if that rule did not match.</summary>
    Allow,
}
