using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Fault;

/// <summary>Options of <see cref="FaultFilter"/>.</summary>
public sealed record FaultOptions : IValidatableObject
{
    /// <summary>Duration requests are held back. Default: none.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Percent of the requests that are held back. Default: 100.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double DelayPercent { get; init; } = 100;

    /// <summary>Requests held back at a time; further ones go on at once. Default: 1000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxDelayed { get; init; } = 1000;

    /// <summary>Status, 400 to 599, that requests are answered with instead of being sent upstream; 0 cuts the connection. Default: none.</summary>
    public int? Abort { get; init; }

    /// <summary>Percent of the requests that are answered so. Default: 100.</summary>
    [Range(0, 100, ErrorMessage = "must be between 0 and 100")]
    public double AbortPercent { get; init; } = 100;

    /// <summary>Only for requests that have this header, e.g. `x-fault`. Default: for all.</summary>
    public string? Header { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Abort is { } status && status != 0 && status is < 400 or > 599)
        {
            yield return new("must be between 400 and 599, or 0", [nameof(Abort)]);
        }

        if (Delay <= TimeSpan.Zero && Abort is null)
        {
            yield return new("delay or abort must say what is to go wrong");
        }

        if (Header is not null && !HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(Header)))
        {
            yield return new($"'{Header}' is no header name", [nameof(Header)]);
        }
    }
}
