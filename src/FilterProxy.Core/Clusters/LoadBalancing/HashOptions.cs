namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Options of load balancers that send the same key to the same endpoint.</summary>
internal sealed record HashOptions
{
    /// <summary>
    /// What requests are told apart by, e.g. <c>%REQ(x-user)%</c> or <c>%PATH%</c>; a request without it goes anywhere. Default: the key a
    /// filter set, else the client's address.
    /// </summary>
    public Template? Key { get; init; }
}
