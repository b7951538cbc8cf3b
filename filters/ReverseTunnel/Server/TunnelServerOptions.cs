using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Services;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Options of <see cref="TunnelServerFilter"/>.</summary>
public sealed record TunnelServerOptions
{
    /// <summary>How agents are answered.</summary>
    public TunnelHandshakeOptions Handshake { get; init; } = new();

    /// <summary>What proves that an agent is who it says. Without any, nobody is let in.</summary>
    public TunnelCredentialOptions Credentials { get; init; } = new();

    /// <summary>Which agents may register what. Who fits no rule may nothing.</summary>
    public TunnelAccessOptions Access { get; init; } = new();

    /// <summary>How services of agents are made reachable.</summary>
    public TunnelServicesOptions Services { get; init; } = new();
}
