using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Server;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>What one connection of an agent has registered; gone when it is disposed. Changed under the lock of <see cref="ServiceTable"/>.</summary>
/// <param name="table">The table it stands in.</param>
/// <param name="agent">The agent.</param>
internal sealed class ServiceLease(ServiceTable table, AgentId agent) : IDisposable
{
    private volatile IReadOnlyList<TunnelService> _services = [];

    public AgentId Agent => agent;

    /// <summary>The services, with their places as the server has given them.</summary>
    public IReadOnlyList<TunnelService> Services => _services;

    /// <summary>Their places, and whose of the services each is.</summary>
    public IReadOnlyList<(ServicePlace Place, string Service)> Places { get; private set; } = [];

    /// <summary>Whether its connection is over.</summary>
    public bool IsOver { get; set; }

    public void Set(IReadOnlyList<TunnelService> services, IReadOnlyList<(ServicePlace Place, string Service)> places) => (_services, Places) = (services, places);

    public void Dispose() => table.End(this);
}
