using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.BodyRewrite;

/// <summary>What is replaced, and by what.</summary>
public sealed record SubstitutionRule : IValidatableObject
{
    /// <summary>A text to look for, as it is.</summary>
    public string? Find { get; init; }

    /// <summary>A regular expression to look for instead.</summary>
    public string? Regex { get; init; }

    /// <summary>What to put there; with `regex` `$1` is the first group.</summary>
    public required string Replace { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(Find) == string.IsNullOrEmpty(Regex))
        {
            yield return new("a rule has either find or regex");
        }
    }
}
