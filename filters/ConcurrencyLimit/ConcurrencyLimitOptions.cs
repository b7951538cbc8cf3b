using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>Options of <see cref="ConcurrencyLimitFilter"/>.</summary>
public sealed record ConcurrencyLimitOptions : IValidatableObject
{
    /// <summary>Requests of one key at a time, 1 to 1000000. Default: as many as there are.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int? Max { get; init; }

    /// <summary>What is counted apart from each other, e.g. `%REQ(x-api-key)%` or `%CLAIM(sub)%`. Default: the client's address.</summary>
    public Template? Key { get; init; }

    /// <summary>Whether the client's address belongs to the key, too. Default: false.</summary>
    public bool WithAddress { get; init; }

    /// <summary>What counts when the key has no value: `address`, `shared` or `skip`. Default: address.</summary>
    public MissingKey Missing { get; init; } = MissingKey.Address;

    /// <summary>Bits of an IPv4 address that tell clients apart, 8 to 32. Default: 32.</summary>
    [Range(8, 32, ErrorMessage = "must be between 8 and 32")]
    public int Ipv4Prefix { get; init; } = 32;

    /// <summary>Bits of an IPv6 address that tell clients apart, 16 to 128. Default: 64.</summary>
    [Range(16, 128, ErrorMessage = "must be between 16 and 128")]
    public int Ipv6Prefix { get; init; } = 64;

    /// <summary>Status of requests over `max`, 400 to 599. Default: 429.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 429;

    /// <summary>Requests at a time of all keys together, found by how long answers take; what is over it gets 503. Default: no such limit.</summary>
    public AdaptiveOptions? Adaptive { get; init; }

    /// <summary>Whether requests over a limit are only counted and let through. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Max is null && Adaptive is null)
        {
            yield return new("max or adaptive must say how many");
        }

        if (Adaptive is { } adaptive && adaptive.Min > adaptive.Max)
        {
            yield return new("min is more than max", [nameof(Adaptive)]);
        }
    }
}
