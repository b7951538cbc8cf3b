namespace FilterProxy.Filters.Tenant;

/// <summary>What tells a request's tenant.</summary>
public enum TenantSource
{
    /// <summary>The host: a tenant's `hosts`, or the part of `host_pattern`.</summary>
    Host,

    /// <summary>The path: a tenant's `paths`, or the part of `path_pattern`.</summary>
    Path,

    /// <summary>A claim of the user, whom a filter before this one has found out.</summary>
    Claim,

    /// <summary>A request header, which only somebody may send whom you trust.</summary>
    Header,
}
