using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Streams;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>A rule of <see cref="TcpRelayOptions"/>: which connections, and where they go.</summary>
public sealed record RelayRuleOptions : IValidatableObject
{
    /// <summary>Which connections; all where nothing is said.</summary>
    public ConnectionMatchOptions Match { get; init; } = new();

    /// <summary>Where they go; null with `action`.</summary>
    public string? Cluster { get; init; }

    /// <summary>What becomes of them without a cluster: `close` or `next`; null with `cluster`.</summary>
    public RelayFallback? Action { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Cluster is null == Action is null)
        {
            yield return new ValidationResult("a rule has a cluster or an action: one of both");
        }
    }
}
