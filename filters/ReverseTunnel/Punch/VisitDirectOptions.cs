using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ReverseTunnel.Punch;

/// <summary>As <see cref="DirectOptions"/>, for a visitor.</summary>
public sealed record VisitDirectOptions : DirectOptions
{
    /// <summary>How long a connection waits for a direct way, before its bytes go through the server.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After an attempt that has failed connections go through the server at once for this long; then one tries again.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var result in base.Validate(validationContext))
        {
            yield return result;
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromSeconds(10))
        {
            yield return new("must be between 100ms and 10s", [nameof(Timeout)]);
        }

        if (Retry < TimeSpan.FromMilliseconds(100) || Retry > TimeSpan.FromDays(1))
        {
            yield return new("must be between 100ms and 1d", [nameof(Retry)]);
        }
    }
}
