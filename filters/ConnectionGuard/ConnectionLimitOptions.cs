using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Options of <see cref="ConnectionLimitFilter"/>.</summary>
public sealed record ConnectionLimitOptions : IValidatableObject
{
    /// <summary>Connections open at a time through this filter; 0 for no limit.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Max { get; init; }

    /// <summary>Connections one client may have open at a time; 0 for no limit.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int PerClient { get; init; }

    /// <summary>Leading bits of an IPv6 address that are one client.</summary>
    [Range(1, 128, ErrorMessage = "must be between 1 and 128")]
    public int Ipv6Prefix { get; init; } = 64;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Max == 0 && PerClient == 0)
        {
            yield return new ValidationResult("max or per_client must say how many");
        }
    }
}
