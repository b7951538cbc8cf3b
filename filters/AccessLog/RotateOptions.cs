using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.AccessLog;

/// <summary>When a log file is put aside and a new one begun, and what becomes of the old ones.</summary>
public sealed record RotateOptions : IValidatableObject
{
    /// <summary>Begin a new file before one grows beyond this; null for no limit.</summary>
    public ByteSize? Size { get; init; }

    /// <summary>Begin a new file every <c>hour</c> or <c>day</c> (UTC); null for neither.</summary>
    public RotationPeriod? Every { get; init; }

    /// <summary>How many old files to keep.</summary>
    [Range(1, 10_000, ErrorMessage = "keep must be between 1 and 10000")]
    public int Keep { get; init; } = 10;

    /// <summary>Compress old files with gzip.</summary>
    public bool Compress { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Size is null && Every is null)
        {
            yield return new ValidationResult("rotate needs a size, or every: hour or day");
        }

        if (Size is { Bytes: < 1024 })
        {
            yield return new ValidationResult("size must be at least 1KiB", [nameof(Size)]);
        }
    }
}
