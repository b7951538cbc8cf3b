namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Something an agent wants to be reached at the server.</summary>
/// <param name="Name">Its name, unique for its agent.</param>
/// <param name="Type">How it is reached.</param>
internal sealed record TunnelService(string Name, TunnelServiceType Type)
{
    /// <summary>The port it wants; 0 for any, or where its type has none.</summary>
    public int Port { get; init; }

    /// <summary>The host names it wants, in lower case; <c>*.example.com</c> for those below.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>A name it wants below a domain of the server's; null for none. The server makes a host name of it.</summary>
    public string? Subdomain { get; init; }

    /// <summary>Of its hosts the paths below this one alone; empty for all.</summary>
    public string Path { get; init; } = "";

    /// <summary>How it shares its places, and how much it may carry.</summary>
    public ServiceTerms Terms { get; init; } = ServiceTerms.Default;
}
