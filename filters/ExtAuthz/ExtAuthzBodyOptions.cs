using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ExtAuthz;

/// <summary>Whether the service sees bodies.</summary>
public sealed record ExtAuthzBodyOptions : IValidatableObject
{
    /// <summary>The most bytes it gets. Default: 64KiB.</summary>
    public ByteSize Max { get; init; } = ByteSize.FromKiB(64);

    /// <summary>Whether it gets the beginning of a longer body, marked by `x-auth-partial-body: true`; else such requests get 413. Default: false.</summary>
    public bool AllowPartial { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Max.Bytes is < 1 or > 64 * 1024 * 1024)
        {
            yield return new("must be between 1B and 64MiB", [nameof(Max)]);
        }
    }
}
