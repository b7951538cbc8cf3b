using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.TcpRelay;

/// <summary>Bytes per second that connections with the same key have together.</summary>
public sealed record SharedRateOptions : IValidatableObject
{
    /// <summary>What they have in common: `client` (address), `server_name`, or `all` for one rate for the whole filter.</summary>
    public RateKey By { get; init; } = RateKey.Client;

    /// <summary>From them to upstreams; null for no limit.</summary>
    public ByteSize? Upload { get; init; }

    /// <summary>From upstreams to them; null for no limit.</summary>
    public ByteSize? Download { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Upload is null && Download is null)
        {
            yield return new ValidationResult("upload or download must say how much");
        }

        if (Upload is { Bytes: < 1 } || Download is { Bytes: < 1 })
        {
            yield return new ValidationResult("must be at least 1 byte per second", [Upload is { Bytes: < 1 } ? nameof(Upload) : nameof(Download)]);
        }
    }
}
