using System.ComponentModel.DataAnnotations;
using System.Net;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.Egress;

/// <summary>Destinations that may be asked for: a host or a network of these, and a port of these.</summary>
public sealed record DestinationOptions : IValidatableObject
{
    /// <summary>Names as clients give them: `example.com`, `*.example.com` for those below it, `*` for any.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Networks of the address that is connected to.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>Ports: `443`, `6000-6010`.</summary>
    public required IReadOnlyList<PortRange> Ports { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Hosts.Count + Networks.Count == 0 || Ports.Count == 0)
        {
            yield return new ValidationResult("a destination needs ports, and hosts or networks");
        }

        foreach (var host in Hosts)
        {
            var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
            if (host != "*" && Uri.CheckHostName(name) != UriHostNameType.Dns)
            {
                yield return new ValidationResult($"'{host}' is no name like 'example.com', '*.example.com' or '*'", [nameof(Hosts)]);
            }
        }
    }
}
