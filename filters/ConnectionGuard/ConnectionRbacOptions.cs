using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Options of <see cref="ConnectionRbacFilter"/>.</summary>
public sealed record ConnectionRbacOptions : IValidatableObject
{
    /// <summary>Rules in order: the first that is about a connection decides.</summary>
    public required IReadOnlyList<RbacRuleOptions> Rules { get; init; }

    /// <summary>What becomes of connections that no rule is about.</summary>
    public RbacAction Otherwise { get; init; } = RbacAction.Deny;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Rules.Count == 0)
        {
            yield return new ValidationResult("connection_rbac needs at least one rule", [nameof(Rules)]);
        }
    }
}
