using System.ComponentModel.DataAnnotations;
using System.Net;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Udp;
using FilterProxy.Filters.ReverseTunnel.Work;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>How services of agents are made reachable.</summary>
public sealed record TunnelServicesOptions : IValidatableObject
{
    /// <summary>The domain below which services may ask for a name (`subdomain`): `tunnels.example.com`; null for none.</summary>
    public string? SubdomainHost { get; init; }

    /// <summary>The address at which ports of `tcp` and `udp` services are opened.</summary>
    public string PortAddress { get; init; } = "0.0.0.0";

    /// <summary>How long a byte stream may carry nothing; `off` for no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an agent may take to reach its service.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How byte streams travel: each on a work connection of its own (`work`), as HTTP/2 streams (`h2`), or `auto`: the first where one is idle.</summary>
    public TunnelTransport Transport { get; init; }

    /// <summary>What sessions of `udp` services are kept to.</summary>
    public TunnelUdpOptions Udp { get; init; } = new();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SubdomainHost is { } host && (!ServiceText.IsHost(host) || host.StartsWith('*')))
        {
            yield return new("must be a host name", [nameof(SubdomainHost)]);
        }

        if (!IPAddress.TryParse(PortAddress, out _))
        {
            yield return new("must be an IP address", [nameof(PortAddress)]);
        }

        if (IdleTimeout < TimeSpan.Zero || IdleTimeout > TimeSpan.FromDays(365))
        {
            yield return new("must be at most 365d, or off", [nameof(IdleTimeout)]);
        }

        if (ConnectTimeout < TimeSpan.FromMilliseconds(10) || ConnectTimeout > TimeSpan.FromHours(1))
        {
            yield return new("must be between 10ms and 1h", [nameof(ConnectTimeout)]);
        }
    }
}
