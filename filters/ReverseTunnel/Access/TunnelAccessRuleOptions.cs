using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>What some agents may do.</summary>
public sealed record TunnelAccessRuleOptions : IValidatableObject
{
    /// <summary>Which agents, as `node:cluster:tenant` with at most one `*` in each part: `edge-*:shop:acme`.</summary>
    public IReadOnlyList<string> Agents { get; init; } = [];

    /// <summary>What may travel: `http`, `grpc`, `ws`, `tcp`, `udp`; services of type `https`, `stcp` and `xtcp` count as `tcp`, those of type `sudp` as `udp`.</summary>
    public IReadOnlyList<string> Protocols { get; init; } = [];

    /// <summary>Host names their services may have: `app.example.com`, `*.acme.example.com` for all below it, `*` for any. Default: none.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Ports their services may have: `5432`, `20000-20100`. Default: none.</summary>
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>Secret services of their tenant that they may visit, as `cluster/service` with at most one `*` in each part: `apps/ssh`, `*/*`. Default: none.</summary>
    public IReadOnlyList<string> Visits { get; init; } = [];

    /// <summary>The most connections of an agent that carry streams.</summary>
    [Range(1, 1024, ErrorMessage = "must be between 1 and 1024")]
    public int MaxConnections { get; init; } = 16;

    /// <summary>The most connections of an agent that carry one byte stream each, or requests one after the other.</summary>
    [Range(0, 65_536, ErrorMessage = "must be between 0 and 65536")]
    public int MaxWorkConnections { get; init; } = 256;

    /// <summary>The most visits of one visitor at a time.</summary>
    [Range(0, 65_536, ErrorMessage = "must be between 0 and 65536")]
    public int MaxVisits { get; init; } = 256;

    /// <summary>The most services of an agent.</summary>
    [Range(0, 256, ErrorMessage = "must be between 0 and 256")]
    public int MaxServices { get; init; } = 32;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Agents.Count == 0)
        {
            yield return new("agents are missing", [nameof(Agents)]);
        }

        foreach (var agent in Agents)
        {
            if (!IdentityPattern.TryParse(agent, out _, out var problem))
            {
                yield return new(problem, [nameof(Agents)]);
            }
        }

        foreach (var protocol in Protocols.Where(protocol => Names.Capabilities(protocol) == TunnelCapabilities.None || protocol.Contains(',', StringComparison.Ordinal)))
        {
            yield return new($"'{protocol}' is none of {Names.Of(Names.All)}", [nameof(Protocols)]);
        }

        foreach (var host in Hosts.Where(host => host != "*" && !ServiceText.IsHost(host)))
        {
            yield return new($"'{host}' is no host name, nor one with '*.' before it", [nameof(Hosts)]);
        }

        foreach (var visit in Visits.Where(visit => visit.Split('/') is not [var cluster, var service] || !IdentityPattern.IsPart(cluster) || !IdentityPattern.IsPart(service)))
        {
            yield return new($"'{visit}' is not cluster/service with at most one '*' in each", [nameof(Visits)]);
        }

        foreach (var port in Ports)
        {
            if (!PortRange.TryParse(port, out _, out var error))
            {
                yield return new(error, [nameof(Ports)]);
            }
        }
    }
}
