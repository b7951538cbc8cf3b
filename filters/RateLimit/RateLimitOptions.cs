using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.RateLimit;

/// <summary>Options of <see cref="RateLimitFilter"/>.</summary>
public sealed record RateLimitOptions : IValidatableObject
{
    /// <summary>The limits; a request must keep to all of them. 1 to 16.</summary>
    public IReadOnlyList<LimitOptions> Limits { get; init; } = [];

    /// <summary>Status of refused requests, 400 to 599. Default: 429.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 429;

    /// <summary>Whether responses tell the limits in `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers). Default: false.</summary>
    public bool Fields { get; init; }

    /// <summary>The older three fields, of the limit with the least left: `none`, `ratelimit` or `x_ratelimit`. Default: none.</summary>
    public LegacyFields LegacyFields { get; init; } = LegacyFields.None;

    /// <summary>Keys kept of each limit, 1 to 50000000; a key takes about 100 bytes once it is used. Default: 100000.</summary>
    [Range(1, 50_000_000, ErrorMessage = "must be between 1 and 50000000")]
    public int MaxKeys { get; init; } = 100_000;

    /// <summary>What becomes of a new key when there is no room and every kept one still counts: `share` or `refuse`. Default: share.</summary>
    public FullTable WhenFull { get; init; } = FullTable.Share;

    /// <summary>Instances that share the limits. Without redis each has its part of them. Default: 1.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int Instances { get; init; } = 1;

    /// <summary>Where instances count together. Default: each counts for itself.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>What the names of counters in redis begin with. Default: fp:rl:.</summary>
    public string RedisPrefix { get; init; } = "fp:rl:";

    /// <summary>What holds while redis gives no answer: `local`, `refuse` or `whole`. Default: local.</summary>
    public RedisFailure RedisFailure { get; init; } = RedisFailure.Local;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Limits.Count is 0 or > 16)
        {
            yield return new("must have 1 to 16 limits", [nameof(Limits)]);
        }

        if (Limits.GroupBy(limit => limit.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            yield return new($"two limits are called '{twice.Key}'", [nameof(Limits)]);
        }

        if (RedisPrefix.Length > 100)
        {
            yield return new("must have at most 100 characters", [nameof(RedisPrefix)]);
        }
    }
}
