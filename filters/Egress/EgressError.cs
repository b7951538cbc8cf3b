namespace FilterProxy.Filters.Egress;

/// <summary>Why a client does not get to its destination.</summary>
internal enum EgressError
{
    /// <summary>It does.</summary>
    None,

    /// <summary>It may not go there.</summary>
    Denied,

    /// <summary>There is no such name.</summary>
    NoSuchHost,

    /// <summary>Nobody listens there.</summary>
    Refused,

    /// <summary>There is no way there.</summary>
    Unreachable,

    /// <summary>The proxy has no port left to connect from.</summary>
    NoFreePort,

    /// <summary>The proxy has no descriptor left.</summary>
    TooManyOpenFiles,

    /// <summary>Nobody answered in time.</summary>
    Timeout,
}
