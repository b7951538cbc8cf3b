namespace FilterProxy.Filters.TcpRelay;

/// <summary>What becomes of a connection that no rule is about.</summary>
public enum RelayFallback
{
    /// <summary>It is closed.</summary>
    Close,

    /// <summary>It goes to the filters behind this one, and to HTTP at last.</summary>
    Next,
}
