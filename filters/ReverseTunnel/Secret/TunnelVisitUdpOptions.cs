using FilterProxy.Filters.ReverseTunnel.Udp;

namespace FilterProxy.Filters.ReverseTunnel.Secret;

/// <summary>Options of <see cref="TunnelVisitService"/>.</summary>
public sealed record TunnelVisitUdpOptions : VisitOptions
{
    /// <summary>What sessions of clients are kept to.</summary>
    public TunnelUdpOptions Udp { get; init; } = new();
}
