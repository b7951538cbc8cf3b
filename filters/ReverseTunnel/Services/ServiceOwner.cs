using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>
/// Whose a host name or a port is: a service of a cluster, or a group of services of a tenant, whose cluster is <c>*</c>, which no cluster is called. All agents that have
/// it share it; nobody else may have it.
/// </summary>
internal readonly record struct ServiceOwner(string Tenant, string Cluster, string Service)
{
    public static ServiceOwner Of(TunnelIdentity identity, TunnelService service) =>
        service.Terms.Group is { } group ? new(identity.Tenant, "*", group) : new(identity.Tenant, identity.Cluster, service.Name);

    public override string ToString() => $"{Tenant}/{Cluster}/{Service}";
}
