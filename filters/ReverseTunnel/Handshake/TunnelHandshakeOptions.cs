using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How agents are answered.</summary>
public sealed record TunnelHandshakeOptions : IValidatableObject
{
    /// <summary>The path they ask for.</summary>
    [RegularExpression("^/[!-~]*$", ErrorMessage = "must begin with '/' and have no spaces")]
    public string Path { get; init; } = "/reverse_connections/request";

    /// <summary>The method they ask by.</summary>
    [RegularExpression("^[A-Z]{1,16}$", ErrorMessage = "must be a method, e.g. GET")]
    public string Method { get; init; } = "GET";

    /// <summary>Whether they ask by Upgrade: `auto` as they want, `require`, or `never`.</summary>
    public UpgradeUse Upgrade { get; init; } = UpgradeUse.Auto;

    /// <summary>How long a handshake may take, TLS not counted.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest request.</summary>
    public ByteSize MaxHead { get; init; } = ByteSize.FromKiB(32);

    /// <summary>What agents must call this server (`x-envoy-reverse-tunnel-upstream-cluster-name`); null for anything.</summary>
    public string? RequiredServer { get; init; }

    /// <summary>What becomes of an agent whose node is connected already, with another session: `refuse` it, or `replace` the other.</summary>
    public CollisionRule Collision { get; init; } = CollisionRule.Refuse;

    /// <summary>The most agents at a time.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxAgents { get; init; } = 10_000;

    /// <summary>How often an agent is asked whether it is there.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long its answer may take before its connection is given up.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The most streams of one connection at a time.</summary>
    [Range(1, 100_000, ErrorMessage = "must be between 1 and 100000")]
    public int MaxStreams { get; init; } = 4096;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, time) in new[] { (nameof(Timeout), Timeout), (nameof(PingInterval), PingInterval), (nameof(PingTimeout), PingTimeout) })
        {
            if (time < TimeSpan.FromMilliseconds(100) || time > TimeSpan.FromDays(1))
            {
                yield return new("must be between 100ms and 1d", [name]);
            }
        }

        if (MaxHead.Bytes is < 512 or > 1024 * 1024)
        {
            yield return new("must be between 512 and 1MiB", [nameof(MaxHead)]);
        }

        if (RequiredServer is { } server && !TunnelIdentity.IsPart(server))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(RequiredServer)]);
        }
    }
}
