using System.Net;
using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.ReverseTunnel.Streams;
using FilterProxy.Filters.ReverseTunnel.Udp;
using Microsoft.AspNetCore.Connections;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Gives the services of agents their places, as a server's options say.</summary>
internal sealed class ServiceRegistrar
{
    private readonly TunnelServicesOptions _options;
    private readonly ServiceTable _table;
    private readonly ServiceRelay _relay;
    private readonly TimeProvider _time;
    private readonly IPAddress _address;
    private readonly TunnelUdpMetrics _udp;
    private readonly ComponentContext _context;

    public ServiceRegistrar(TunnelServicesOptions options, ComponentContext context)
    {
        (_options, _table, _time, _context) = (options, context.Shared<ServiceTable>(), context.Time, context);
        _relay = new ServiceRelay(options, context);
        _address = IPAddress.Parse(options.PortAddress);
        _udp = new TunnelUdpMetrics(context.Meter);
    }

    /// <summary>Makes host names of what agents ask for below the server's domain.</summary>
    public TunnelHello Resolve(TunnelHello hello, out HandshakeRefusal? refusal)
    {
        refusal = null;
        if (hello.Services.FirstOrDefault(service => service.Subdomain is not null) is not { } asking)
        {
            return hello;
        }

        if (_options.SubdomainHost is not { } domain)
        {
            refusal = Refuse(403, "tunnel_service_denied", $"the service '{asking.Name}' wants a subdomain, of which this server has none");
            return hello;
        }

        return hello with
        {
            Services = [.. hello.Services.Select(service => service.Subdomain is not { } name ? service
                : service with { Subdomain = null, Hosts = [.. service.Hosts.Append($"{name}.{domain.ToLowerInvariant()}")] })],
        };
    }

    /// <summary>Registers other services for a connection than it has, each for itself.</summary>
    public IReadOnlyList<ServiceOutcome> Update(TunnelHello hello, AccessRule rule, ServiceLease lease, IReadOnlyList<TunnelService> services)
    {
        var outcomes = new List<ServiceOutcome>();
        var allowed = new List<TunnelService>();
        foreach (var service in services)
        {
            var resolved = Resolve(hello with { Services = [service] }, out var refusal).Services[0];
            refusal ??= allowed.Count >= rule.MaxServices ? Refuse(429, "tunnel_over_limit", "") : rule.Check(resolved);
            if (refusal is null)
            {
                allowed.Add(resolved);
            }
            else
            {
                outcomes.Add(new ServiceOutcome(service.Name, null, refusal.Code));
            }
        }

        return [.. outcomes, .. _table.Update(hello.Identity, rule, lease, allowed, _time, Listen)];
    }

    /// <summary>Registers the services of a connection, all or none.</summary>
    public (ServiceLease? Lease, HandshakeRefusal? Refusal) Register(TunnelHello hello, AccessRule rule) =>
        _table.Register(hello, rule, _time, Listen);

    /// <summary>Why a visitor's service cannot be had now; null where it can.</summary>
    public HandshakeRefusal? CheckVisit(TunnelIdentity visitor, TunnelVisit visit) =>
        Find(visitor, visit) is null ? Refuse(404, "tunnel_visit_unknown", $"no agent is there that has {visit.Cluster}/{visit.Service} as {Names.Of(visit.Type)}") : null;

    /// <summary>Relays a visitor that was let in to an agent of its service, as long as it may.</summary>
    public async Task RelayVisitAsync(ConnectionContext connection, TunnelAdmission admission)
    {
        if (Find(admission.Hello.Identity, admission.Hello.Visit!) is { } claim)
        {
            await _relay.RelayAsync(connection, claim, StreamNames.Secret, admission.Revoked);
        }
        else
        {
            ConnectionReport.End(connection, "tunnel_visit_unknown");
            connection.Abort(new ConnectionAbortedException("The agents of the service have just left."));
        }
    }

    // Of its own tenant's services alone.
    private ServiceClaim? Find(TunnelIdentity visitor, TunnelVisit visit) => _table.FindSecret(new ServiceOwner(visitor.Tenant, visit.Cluster, visit.Service), visit.Type);

    private IDisposable? Listen(ServicePlace place, ServiceClaim claim) => place.Type == TunnelServiceType.Udp
        ? UdpPortListener.TryOpen(_address, place.Port, claim, _relay, _options.Udp, _udp, _context)
        : PortListener.TryOpen(_address, place.Port, claim, _relay);
}
