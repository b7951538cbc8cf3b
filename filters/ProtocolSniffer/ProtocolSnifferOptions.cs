using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ProtocolSniffer;

/// <summary>Options of <see cref="ProtocolSnifferFilter"/>.</summary>
public sealed record ProtocolSnifferOptions : IValidatableObject
{
    /// <summary>How long a client may be silent, or say too little, until it is taken for `default`.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// What a client is taken to speak that says nothing in time: `unknown`, or the protocol whose servers speak first, such as `ssh`.
    /// </summary>
    public SniffedProtocol Default { get; init; } = SniffedProtocol.Unknown;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Timeout < TimeSpan.FromMilliseconds(1) || Timeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult("timeout must be between 1ms and 5m", [nameof(Timeout)]);
        }
    }
}
