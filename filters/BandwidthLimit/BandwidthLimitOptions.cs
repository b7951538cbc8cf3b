using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.BandwidthLimit;

/// <summary>Options of <see cref="BandwidthLimitFilter"/>.</summary>
public sealed record BandwidthLimitOptions : IValidatableObject
{
    /// <summary>Bytes of response bodies in a second, 1KiB at least. Default: as many as come.</summary>
    public ByteSize? Response { get; init; }

    /// <summary>Bytes of request bodies in a second, 1KiB at least. Default: as many as come.</summary>
    public ByteSize? Request { get; init; }

    /// <summary>Bytes that may go at once, in each direction, before it is slowed down. Default: 64KiB.</summary>
    public ByteSize Burst { get; init; } = ByteSize.FromKiB(64);

    /// <summary>
    /// What has a bandwidth of its own: a connection, or whatever a template names, e.g. `%ROUTE_NAME%`, `%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%` or
    /// `%REQ(x-api-key)%`. Default: %CONNECTION_ID%.
    /// </summary>
    public Template Key { get; init; } = Template.Parse("%CONNECTION_ID%");

    /// <summary>What has the bandwidth when the key has no value: `address`, `shared` or `skip`. Default: address.</summary>
    public MissingKey Missing { get; init; } = MissingKey.Address;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Response is null && Request is null)
        {
            yield return new("response or request must say how much");
        }

        foreach (var (size, name) in ((ByteSize?, string)[])[(Response, nameof(Response)), (Request, nameof(Request))])
        {
            if (size is { Bytes: < 1024 or > 1L << 40 })
            {
                yield return new("must be between 1KiB and 1TiB", [name]);
            }
        }

        if (Burst.Bytes is < 1024 or > 1L << 40)
        {
            yield return new("must be between 1KiB and 1TiB", [nameof(Burst)]);
        }
    }
}
