using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Rbac;

/// <summary>Options of <see cref="RbacFilter"/>.</summary>
public sealed record RbacOptions : IValidatableObject
{
    /// <summary>The policies. One that denies counts before all that allow; their order does not matter.</summary>
    public IReadOnlyList<RbacPolicyOptions> Policies { get; init; } = [];

    /// <summary>Whether requests that no policy fits pass. Default: false.</summary>
    public bool AllowUnmatched { get; init; }

    /// <summary>Whether nothing is refused, only counted and logged. Default: false.</summary>
    public bool Shadow { get; init; }

    /// <summary>Status of the refusal, 400 to 599. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 403;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Policies.Count == 0)
        {
            yield return new("policies are missing: everybody would be refused", [nameof(Policies)]);
        }

        if (Policies.GroupBy(policy => policy.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new($"the policy '{twice.Key}' is there twice", [nameof(Policies)]);
        }
    }
}
