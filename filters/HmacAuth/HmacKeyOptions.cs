using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.HmacAuth;

/// <summary>A secret somebody signs with.</summary>
public sealed record HmacKeyOptions : IValidatableObject
{
    /// <summary>What signatures call it; unique.</summary>
    [Required(ErrorMessage = "id is missing")]
    [RegularExpression("^[a-zA-Z0-9_.-]{1,64}$", ErrorMessage = "must be 1 to 64 letters, digits, '_', '-' and '.'")]
    public string Id { get; init; } = "";

    /// <summary>The secret as text, at least 32 bytes; from the environment or a file, `${JOBS_SECRET}`.</summary>
    [Secret]
    public string Secret { get; init; } = "";

    /// <summary>Whose it is. Several keys may be one owner's: that is how they are changed.</summary>
    [Required(ErrorMessage = "owner is missing")]
    public string Owner { get; init; } = "";

    /// <summary>What it may be used for: the claim `scope`.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(Secret) < 32)
        {
            yield return new($"the secret of '{Id}' is shorter than 32 bytes", [nameof(Secret)]);
        }

        if (Owner.Any(char.IsControl) || Owner != Owner.Trim())
        {
            yield return new($"the owner of '{Id}' cannot be told in a header", [nameof(Owner)]);
        }
    }
}
