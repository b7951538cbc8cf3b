using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>Options of <see cref="TunnelEndpoints"/>.</summary>
public sealed record TunnelEndpointsOptions : IValidatableObject
{
    /// <summary>Whose agents.</summary>
    [Required(ErrorMessage = "tenant is missing")]
    public string Tenant { get; init; } = "";

    /// <summary>The agents' cluster, as they name it when they connect; null for all of the tenant's.</summary>
    public string? Cluster { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TunnelIdentity.IsPart(Tenant))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(Tenant)]);
        }

        if (Cluster is { } cluster && !TunnelIdentity.IsPart(cluster))
        {
            yield return new("must be letters, digits, '-', '.', '_' and '~'", [nameof(Cluster)]);
        }
    }
}
