using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Options of <see cref="TunnelBalancer"/>.</summary>
public sealed record TunnelBalancerOptions : IValidatableObject
{
    /// <summary>Where the id is looked for, in order: the first that finds one decides.</summary>
    public IReadOnlyList<TunnelTargetOptions> Targets { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Targets.Count == 0)
        {
            yield return new("targets are missing", [nameof(Targets)]);
        }
    }
}
