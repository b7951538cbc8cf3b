namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>What happens to connections of peers that are not trusted.</summary>
public enum UntrustedPolicy
{
    /// <summary>They are closed.</summary>
    Refuse,

    /// <summary>They are served as they are: no header is read, whatever they send.</summary>
    Pass,
}
