using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Options of <see cref="ConnectionRateFilter"/>.</summary>
public sealed record ConnectionRateOptions : IValidatableObject
{
    /// <summary>Connections a client may open `per` this time, on average.</summary>
    [Range(1, int.MaxValue, ErrorMessage = "must be 1 or more")]
    public required int Rate { get; init; }

    /// <summary>The time of `rate`.</summary>
    public TimeSpan Per { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Connections a client may open at once after a pause; 0 for as many as `rate`.</summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int Burst { get; init; }

    /// <summary>Whose connections are counted together: each client's, or all.</summary>
    public RateScope By { get; init; } = RateScope.Client;

    /// <summary>Leading bits of an IPv6 address that are one client.</summary>
    [Range(1, 128, ErrorMessage = "must be between 1 and 128")]
    public int Ipv6Prefix { get; init; } = 64;

    /// <summary>Clients that are remembered. With more of them at a time those that were quiet longest are forgotten.</summary>
    [Range(16, 10_000_000, ErrorMessage = "must be between 16 and 10000000")]
    public int MaxClients { get; init; } = 100_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Per < TimeSpan.FromMilliseconds(10) || Per > TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("per must be between 10ms and 1d", [nameof(Per)]);
        }
    }
}
