using FilterProxy.Filters.ReverseTunnel.Access;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Streams;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>The host names and ports that agents' services have. A place is one service's of one cluster: who else wants it is refused.</summary>
internal sealed class ServiceTable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    // Of those that are gone so many are remembered.
    private const int MostRecords = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ServicePlace, ServiceClaim> _claims = [];
    private readonly Dictionary<ServiceOwner, ServiceRecord> _records = [];
    private readonly PortMemory _ports = new();
    private readonly HostTable _http = new(), _https = new();

    /// <summary>Who serves a request.</summary>
    public ServiceClaim? FindHttp(ReadOnlySpan<byte> host, ReadOnlySpan<byte> path) => _http.Find(host, path);

    /// <summary>Who serves TLS for a name.</summary>
    public ServiceClaim? FindHttps(ReadOnlySpan<byte> host) => _https.Find(host, "/"u8);

    /// <summary>All services there are, and were of late.</summary>
    public IReadOnlyList<ServiceRecord> Records
    {
        get
        {
            lock (_lock)
            {
                return [.. _records.Values];
            }
        }
    }

    /// <summary>Who serves visitors; null for nobody.</summary>
    public ServiceClaim? FindSecret(ServiceOwner owner, TunnelServiceType type)
    {
        lock (_lock)
        {
            return _claims.GetValueOrDefault(PlaceOf(owner, type));
        }
    }

    /// <summary>Registers the services of a connection, all or none.</summary>
    /// <param name="hello">What its agent said; hosts are resolved.</param>
    /// <param name="rule">What it may.</param>
    /// <param name="time">The clock.</param>
    /// <param name="open">Listens at a port for a claim; null where that port cannot be had.</param>
    public (ServiceLease? Lease, HandshakeRefusal? Refusal) Register(TunnelHello hello, AccessRule rule, TimeProvider time, Func<ServicePlace, ServiceClaim, IDisposable?> open)
    {
        if ((hello.Services.Count == 0 && hello.Revision == 0) || hello.Kind == TunnelKind.Work)
        {
            return (null, null);
        }

        var lease = new ServiceLease(this, new AgentId(hello.Identity.Tenant, hello.Identity.Node));
        var (places, services) = (new List<(ServicePlace, string)>(), new List<TunnelService>());
        lock (_lock)
        {
            foreach (var service in hello.Services)
            {
                if (Take(hello.Identity, service, lease.Agent, rule, time, open, places) is not { } placed)
                {
                    Release(lease.Agent, places);
                    return (null, Refuse(409, "tunnel_service_taken", $"the service '{service.Name}' cannot have its place: it is another's, or no port is free") with { RetryAfter = Soon });
                }

                services.Add(placed);
            }

            Apply(hello.Identity, services, time);
            lease.Set(services, places);
        }

        return (lease, null);
    }

    /// <summary>Has a connection have other services than it has, each for itself. Who uses one that stays notices nothing.</summary>
    /// <param name="identity">Whose it is.</param>
    /// <param name="rule">What it may.</param>
    /// <param name="lease">What it has.</param>
    /// <param name="wanted">What it is to have; hosts are resolved.</param>
    /// <param name="time">The clock.</param>
    /// <param name="open">As for <see cref="Register"/>.</param>
    public IReadOnlyList<ServiceOutcome> Update(
        TunnelIdentity identity, AccessRule rule, ServiceLease lease, IReadOnlyList<TunnelService> wanted, TimeProvider time, Func<ServicePlace, ServiceClaim, IDisposable?> open)
    {
        var (places, services, outcomes) = (new List<(ServicePlace, string)>(), new List<TunnelService>(), new List<ServiceOutcome>());
        lock (_lock)
        {
            if (lease.IsOver)
            {
                return [];
            }

            foreach (var service in wanted)
            {
                var own = new List<(ServicePlace, string)>();
                if (Take(identity, service, lease.Agent, rule, time, open, own) is { } placed)
                {
                    services.Add(placed);
                    places.AddRange(own);
                    outcomes.Add(new ServiceOutcome(service.Name, placed, ""));
                }
                else
                {
                    Release(lease.Agent, own);
                    outcomes.Add(new ServiceOutcome(service.Name, null, "tunnel_service_taken"));
                }
            }

            // What it has had goes last: a place that stays is never free in between.
            Release(lease.Agent, lease.Places);
            Apply(identity, services, time);
            lease.Set(services, places);
        }

        return outcomes;
    }

    /// <summary>Takes out what a connection has.</summary>
    public void End(ServiceLease lease)
    {
        lock (_lock)
        {
            if (!lease.IsOver)
            {
                lease.IsOver = true;
                Release(lease.Agent, lease.Places);
            }
        }
    }

    private TunnelService? Take(
        TunnelIdentity identity, TunnelService service, AgentId agent, AccessRule rule, TimeProvider time, Func<ServicePlace, ServiceClaim, IDisposable?> open, List<(ServicePlace, string)> places)
    {
        var owner = ServiceOwner.Of(identity, service);
        return service.Type switch
        {
            TunnelServiceType.Tcp or TunnelServiceType.Udp => TakePort(service, owner, agent, rule, time.GetUtcNow(), open, places),
            TunnelServiceType.Stcp or TunnelServiceType.Sudp or TunnelServiceType.Xtcp => TakeName(service, owner, agent, places),
            _ => TakeHosts(service, owner, agent, places),
        };
    }

    // Only of those that are let in: who is refused changes nothing for the others.
    private void Apply(TunnelIdentity identity, IReadOnlyList<TunnelService> services, TimeProvider time)
    {
        foreach (var service in services)
        {
            RecordOf(ServiceOwner.Of(identity, service)).Apply(service.Terms, time);
        }
    }

    private TunnelService? TakeHosts(TunnelService service, ServiceOwner owner, AgentId agent, List<(ServicePlace, string)> places)
    {
        foreach (var host in service.Hosts)
        {
            var place = new ServicePlace(service.Type, host, service.Path, 0);
            if (!_claims.TryGetValue(place, out var claim))
            {
                _claims[place] = claim = Claim(owner);
                TableOf(place).Add(place.Host, place.Path, claim);
            }
            else if (claim.Owner != owner)
            {
                return null;
            }

            claim.Enter(new ServiceMember(agent, service.Name), service.Terms.Weight);
            places.Add((place, service.Name));
        }

        return service;
    }

    private TunnelService? TakePort(
        TunnelService service, ServiceOwner owner, AgentId agent, AccessRule rule, DateTimeOffset now, Func<ServicePlace, ServiceClaim, IDisposable?> open, List<(ServicePlace, string)> places)
    {
        foreach (var port in service.Port > 0 ? [service.Port] : _ports.CandidatesFor(owner, rule.Ports, now))
        {
            var place = new ServicePlace(service.Type, "", "", port);
            if (!_claims.TryGetValue(place, out var claim))
            {
                claim = new ServiceClaim(RecordOf(owner));
                if ((claim.Port = open(place, claim)) is null)
                {
                    continue;
                }

                claim.Record.Places++;
                _claims[place] = claim;
            }
            else if (claim.Owner != owner)
            {
                continue;
            }

            claim.Enter(new ServiceMember(agent, service.Name), service.Terms.Weight);
            places.Add((place, service.Name));
            _ports.Remember(owner, port, now);
            return service with { Port = port };
        }

        return null;
    }

    private void Release(AgentId agent, IReadOnlyList<(ServicePlace Place, string Service)> places)
    {
        foreach (var (place, service) in places)
        {
            var claim = _claims[place];
            claim.Leave(new ServiceMember(agent, service));
            if (claim.IsEmpty)
            {
                _claims.Remove(place);
                claim.Record.Places--;
                claim.Port?.Dispose();
                if (place.Type is TunnelServiceType.Http or TunnelServiceType.Https)
                {
                    TableOf(place).Remove(place.Host, claim);
                }
            }
        }
    }

    private ServiceClaim Claim(ServiceOwner owner)
    {
        var record = RecordOf(owner);
        record.Places++;
        return new ServiceClaim(record);
    }

    private ServiceRecord RecordOf(ServiceOwner owner)
    {
        if (_records.TryGetValue(owner, out var record))
        {
            return record;
        }

        if (_records.Count >= MostRecords)
        {
            foreach (var gone in _records.Values.Where(known => known is { Places: 0, Active: 0 }).ToList())
            {
                _records.Remove(gone.Owner);
            }
        }

        return _records[owner] = new ServiceRecord(owner);
    }

    // Its own name: nobody else can want it.
    private static ServicePlace PlaceOf(ServiceOwner owner, TunnelServiceType type) => new(type, owner.ToString(), "", 0);

    private TunnelService TakeName(TunnelService service, ServiceOwner owner, AgentId agent, List<(ServicePlace, string)> places)
    {
        var place = PlaceOf(owner, service.Type);
        if (!_claims.TryGetValue(place, out var claim))
        {
            _claims[place] = claim = Claim(owner);
        }

        claim.Enter(new ServiceMember(agent, service.Name), service.Terms.Weight);
        places.Add((place, service.Name));
        return service;
    }

    private HostTable TableOf(in ServicePlace place) => place.Type == TunnelServiceType.Http ? _http : _https;
}
