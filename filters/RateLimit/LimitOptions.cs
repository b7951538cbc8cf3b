using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.RateLimit;

/// <summary>One limit.</summary>
public sealed record LimitOptions : IValidatableObject
{
    /// <summary>What it is called in fields, metrics and the log: letters, digits, `_`, `-` and `.`, 64 at most. Its counters are kept over a reload under this name.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Requests, or costs, that are let through in `per`. 1 to 1000000000.</summary>
    [Range(1, 1_000_000_000, ErrorMessage = "must be between 1 and 1000000000")]
    public required long Rate { get; init; }

    /// <summary>Duration the rate is for, 1ms to 31d. Default: 1s.</summary>
    public TimeSpan Per { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that may come at once; not for windows, where the rate is that. Default: the rate; 1 for `gcra`.</summary>
    [Range(1, 1_000_000_000, ErrorMessage = "must be between 1 and 1000000000")]
    public long? Burst { get; init; }

    /// <summary>How it counts: `token_bucket`, `leaky_bucket`, `fixed_window`, `sliding_window`, `sliding_log` or `gcra`. Default: token_bucket.</summary>
    public RateAlgorithm Algorithm { get; init; } = RateAlgorithm.TokenBucket;

    /// <summary>Longest a request waits in a leaky bucket; one that would wait longer is refused. Up to 1m. Default: 1s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What is counted apart from each other, e.g. `%REQ(x-api-key)%`, `%CLAIM(sub)%` or `%ROUTE_NAME%`. Default: the client's address.</summary>
    public Template? Key { get; init; }

    /// <summary>Whether the client's address belongs to the key, too. Default: false.</summary>
    public bool WithAddress { get; init; }

    /// <summary>What counts when the key has no value: `address`, `shared` or `skip`. Default: address.</summary>
    public MissingKey Missing { get; init; } = MissingKey.Address;

    /// <summary>Bits of an IPv4 address that tell clients apart, 8 to 32. Default: 32.</summary>
    [Range(8, 32, ErrorMessage = "must be between 8 and 32")]
    public int Ipv4Prefix { get; init; } = 32;

    /// <summary>Bits of an IPv6 address that tell clients apart, 16 to 128: one client has a whole network. Default: 64.</summary>
    [Range(16, 128, ErrorMessage = "must be between 16 and 128")]
    public int Ipv6Prefix { get; init; } = 64;

    /// <summary>What a request costs: a number or an operator that gives one; what is no number, or below 1, counts 1. Default: 1.</summary>
    public Template Cost { get; init; } = Template.Parse("1");

    /// <summary>Whether requests over the limit are only counted and let through. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Length is 0 or > 64 || Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')))
        {
            yield return new("must be letters, digits, '_', '-' and '.', 64 at most", [nameof(Name)]);
        }

        if (Per < TimeSpan.FromMilliseconds(1) || Per > TimeSpan.FromDays(31))
        {
            yield return new("must be between 1ms and 31d", [nameof(Per)]);
        }

        if (MaxDelay < TimeSpan.Zero || MaxDelay > TimeSpan.FromMinutes(1))
        {
            yield return new("must be at most 1m", [nameof(MaxDelay)]);
        }

        if (Burst is not null && Algorithm is RateAlgorithm.FixedWindow or RateAlgorithm.SlidingWindow or RateAlgorithm.SlidingLog)
        {
            yield return new("windows have no burst", [nameof(Burst)]);
        }

        if (Algorithm == RateAlgorithm.SlidingLog && Rate > 10_000)
        {
            yield return new("sliding_log keeps the time of each request: at most 10000", [nameof(Rate)]);
        }

        if (CostReader.Problem(Cost) is { } problem)
        {
            yield return new(problem, [nameof(Cost)]);
        }
    }
}
