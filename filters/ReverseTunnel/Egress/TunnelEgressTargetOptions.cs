using System.ComponentModel.DataAnnotations;
using System.Net;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Egress;

/// <summary>Targets an agent may connect to: a network or a host of these, and a port of these.</summary>
public sealed record TunnelEgressTargetOptions : IValidatableObject
{
    /// <summary>Networks of endpoints that are addresses: `10.1.0.0/16`, `127.0.0.1/32`.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>Names of endpoints that are names, as they are written: `db.internal`, `*.internal` for those below it.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Ports: `5432`, `6000-6010`.</summary>
    public IReadOnlyList<PortRange> Ports { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Networks.Count + Hosts.Count == 0 || Ports.Count == 0)
        {
            yield return new("a target needs ports, and networks or hosts");
        }

        foreach (var host in Hosts)
        {
            if (Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) != UriHostNameType.Dns)
            {
                yield return new($"'{host}' is no name like 'db.internal' or '*.internal'", [nameof(Hosts)]);
            }
        }
    }
}
