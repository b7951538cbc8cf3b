using System.ComponentModel.DataAnnotations;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Access;

/// <summary>A secret that one agent signs with. An agent may have several: that is how they are changed.</summary>
public sealed record TunnelKeyOptions : IValidatableObject
{
    /// <summary>What signatures call it; unique.</summary>
    [Required(ErrorMessage = "id is missing")]
    [RegularExpression("^[a-zA-Z0-9_.-]{1,64}$", ErrorMessage = "must be 1 to 64 letters, digits, '_', '-' and '.'")]
    public string Id { get; init; } = "";

    /// <summary>Whose it is, as `node:cluster:tenant`: one agent, never several.</summary>
    public string Agent { get; init; } = "";

    /// <summary>The secret as text, at least 32 bytes; from the environment or a file, `${EDGE_7_SECRET}`.</summary>
    [Secret]
    public string Secret { get; init; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!TunnelIdentity.TryParse(Agent, out var agent, out var problem) || agent.Tenant.Length == 0)
        {
            yield return new($"the agent of '{Id}' is none: {(problem.Length > 0 ? problem : "the tenant is empty")}", [nameof(Agent)]);
        }

        if (Encoding.UTF8.GetByteCount(Secret) < 32)
        {
            yield return new($"the secret of '{Id}' is shorter than 32 bytes", [nameof(Secret)]);
        }
    }
}
