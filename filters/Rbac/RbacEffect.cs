namespace FilterProxy.Filters.Rbac;

/// <summary>What a policy does to requests it fits.</summary>
public enum RbacEffect
{
    /// <summary>Lets them pass, unless another denies them.</summary>
    Allow,

    /// <summary>Refuses them, whatever others allow.</summary>
    Deny,
}
