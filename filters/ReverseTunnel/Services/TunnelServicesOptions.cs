using System.ComponentModel.DataAnnotations;
using System.Net;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Udp;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>How services of agents are made reachable.</summary>
public sealed record TunnelServicesOptions : ServiceStreamOptions
{
    /// <summary>The domain below which services may ask for a name (`subdomain`): `tunnels.example.com`; null for none.</summary>
    public string? SubdomainHost { get; init; }

    /// <summary>The address at which ports of `tcp` and `udp` services are opened.</summary>
    public string PortAddress { get; init; } = "0.0.0.0";

    /// <summary>What sessions of `udp` services are kept to.</summary>
    public TunnelUdpOptions Udp { get; init; } = new();

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var result in base.Validate(validationContext))
        {
            yield return result;
        }

        if (SubdomainHost is { } host && (!ServiceText.IsHost(host) || host.StartsWith('*')))
        {
            yield return new("must be a host name", [nameof(SubdomainHost)]);
        }

        if (!IPAddress.TryParse(PortAddress, out _))
        {
            yield return new("must be an IP address", [nameof(PortAddress)]);
        }
    }
}
