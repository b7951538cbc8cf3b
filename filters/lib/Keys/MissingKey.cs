namespace FilterProxy.Filters.Keys;

/// <summary>What counts for a request that has no key.</summary>
public enum MissingKey
{
    /// <summary>Its client's address.</summary>
    Address,

    /// <summary>All requests without a key share one.</summary>
    Shared,

    /// <summary>The limit is not for it.</summary>
    Skip,
}
