using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.HostAccess;

/// <summary>Options of <see cref="HostAccessFilter"/>.</summary>
public sealed record HostAccessOptions : IValidatableObject
{
    /// <summary>Hosts that may be asked for: `example.com`, or `*.example.com` for every host below a domain. With any, others are refused. Default: all may.</summary>
    public IReadOnlyList<string> Allow { get; init; } = [];

    /// <summary>Hosts that are refused, written as in `allow`; goes before it.</summary>
    public IReadOnlyList<string> Deny { get; init; } = [];

    /// <summary>Regular expressions for hosts in lower case that may be asked for besides; they must match the whole host.</summary>
    public IReadOnlyList<string> AllowRegex { get; init; } = [];

    /// <summary>Regular expressions for hosts that are refused.</summary>
    public IReadOnlyList<string> DenyRegex { get; init; } = [];

    /// <summary>Status of the refusal, 400 to 599. Default: 421.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 421;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Allow.Count + Deny.Count + AllowRegex.Count + DenyRegex.Count == 0)
        {
            yield return new("at least one of allow, deny, allow_regex and deny_regex must name a host");
        }
    }
}
