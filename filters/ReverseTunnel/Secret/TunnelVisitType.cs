namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>What type of secret service a visitor's port leads to, as its agents have it.</summary>
public enum TunnelVisitType
{
    /// <summary>Through the server.</summary>
    Stcp,

    /// <summary>Past the server where a way is found, otherwise through it.</summary>
    Xtcp,
}
