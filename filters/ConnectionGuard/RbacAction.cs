namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>What a rule says.</summary>
public enum RbacAction
{
    /// <summary>The connection may pass.</summary>
    Allow,

    /// <summary>It is refused.</summary>
    Deny,
}
