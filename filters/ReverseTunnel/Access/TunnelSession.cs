using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>An agent that is connected, with all its connections. Used under the lock of <see cref="TunnelSessions"/>.</summary>
internal sealed class TunnelSession(string id, TunnelHello hello)
{
    public string Id => id;

    public TunnelIdentity Identity => hello.Identity;

    /// <summary>Whether its agent knows of sessions; one of another program's does not.</summary>
    public bool IsNamed => hello.Version > 0;

    public List<TunnelAdmission> Connections { get; } = [];

    public int Count(TunnelKind kind) => Connections.Count(connection => connection.Hello.Kind == kind);
}
