namespace FilterProxy.Filters.TcpRelay;

/// <summary>What connections that share a rate have in common.</summary>
public enum RateKey
{
    /// <summary>The client's address.</summary>
    Client,

    /// <summary>The name asked for in TLS.</summary>
    ServerName,

    /// <summary>That they come through this filter.</summary>
    All,
}
