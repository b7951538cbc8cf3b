using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.Streams;
using static FilterProxy.Filters.ReverseTunnel.Handshake.HandshakeRefusal;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>What some agents may do.</summary>
internal sealed class AccessRule
{
    private readonly IdentityPattern[] _agents;
    private readonly IReadOnlyList<string> _hosts;
    private readonly TunnelAccessRuleOptions _options;

    public AccessRule(TunnelAccessRuleOptions options)
    {
        _options = options;
        _agents = [.. options.Agents.Select(text => IdentityPattern.TryParse(text, out var pattern, out var problem) ? pattern : throw new ArgumentException(problem))];
        _hosts = [.. options.Hosts.Select(host => host.ToLowerInvariant())];
        Capabilities = Names.Capabilities(string.Join(',', options.Protocols));
        Ports = [.. options.Ports.Select(text => PortRange.TryParse(text, out var range, out var error) ? range : throw new ArgumentException(error))];
    }

    /// <summary>What may travel.</summary>
    public TunnelCapabilities Capabilities { get; }

    /// <summary>Ports services may have.</summary>
    public IReadOnlyList<PortRange> Ports { get; }

    public int MaxServices => _options.MaxServices;

    public int MaxConnections => _options.MaxConnections;

    public int MaxWorkConnections => _options.MaxWorkConnections;

    public int MaxVisits => _options.MaxVisits;

    public bool IsAbout(TunnelIdentity identity) => _agents.Any(agent => agent.Fits(identity));

    /// <summary>What of a hello is not allowed; null for nothing.</summary>
    public HandshakeRefusal? Check(TunnelHello hello)
    {
        if ((hello.Capabilities & Capabilities) == TunnelCapabilities.None)
        {
            return Refuse(403, "tunnel_denied", $"of {Names.Of(hello.Capabilities)} it may carry nothing");
        }

        if (hello.Services.Count > _options.MaxServices)
        {
            return Refuse(429, "tunnel_over_limit", $"it has {hello.Services.Count} services, of at most {_options.MaxServices}");
        }

        return hello.Services.Select(Check).FirstOrDefault(refusal => refusal is not null);
    }

    /// <summary>Why a visitor may not reach a service; null where it may.</summary>
    public HandshakeRefusal? Check(TunnelVisit visit) => _options.Visits.Select(text => text.Split('/')).Any(place =>
        IdentityPattern.Fits(place[0], visit.Cluster) && IdentityPattern.Fits(place[1], visit.Service))
            ? null
            : Refuse(403, "tunnel_visit_denied", $"it may not visit {visit.Cluster}/{visit.Service}");

    /// <summary>Whether a rule's host name covers another: itself, or with <c>*.</c> all below it.</summary>
    public static bool Covers(string rule, string host) =>
        rule == "*" || rule == host || (rule.StartsWith("*.", StringComparison.Ordinal) && host.EndsWith(rule[1..], StringComparison.Ordinal) && host.Length > rule.Length - 1);

    /// <summary>What of a service is not allowed; null for nothing.</summary>
    public HandshakeRefusal? Check(TunnelService service)
    {
        var needed = service.Type switch { TunnelServiceType.Http => TunnelCapabilities.Http, TunnelServiceType.Udp or TunnelServiceType.Sudp => TunnelCapabilities.Udp, _ => TunnelCapabilities.Tcp };
        if (!Capabilities.HasFlag(needed))
        {
            return Refuse(403, "tunnel_service_denied", $"the service '{service.Name}' may not be {Names.Of(service.Type)}");
        }

        if (service.Hosts.FirstOrDefault(host => !_hosts.Any(rule => Covers(rule, host))) is { } denied)
        {
            return Refuse(403, "tunnel_service_denied", $"the service '{service.Name}' may not have the host {denied}");
        }

        return service.Type is TunnelServiceType.Tcp or TunnelServiceType.Udp && !(service.Port > 0 ? Ports.Any(range => range.Contains(service.Port)) : Ports.Count > 0)
            ? Refuse(403, "tunnel_service_denied", service.Port > 0 ? $"the service '{service.Name}' may not have the port {service.Port}" : $"the service '{service.Name}' may not have a port")
            : null;
    }
}
