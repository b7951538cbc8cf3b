using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.Quota;

/// <summary>Options of <see cref="QuotaFilter"/>.</summary>
public sealed record QuotaOptions : IValidatableObject
{
    /// <summary>What it is called in fields, redis and the log: letters, digits, `_`, `-` and `.`, 64 at most. Default: quota.</summary>
    public string Name { get; init; } = "quota";

    /// <summary>Requests, or costs, in a period. 1 to 1000000000000.</summary>
    [Range(1L, 1_000_000_000_000L, ErrorMessage = "must be between 1 and 1000000000000")]
    public required long Limit { get; init; }

    /// <summary>The period: `day`, `week` or `month`. Default: month.</summary>
    public QuotaPeriod Period { get; init; } = QuotaPeriod.Month;

    /// <summary>Day on which a month begins anew, 1 to 28. Default: 1.</summary>
    [Range(1, 28, ErrorMessage = "must be between 1 and 28")]
    public int ResetDay { get; init; } = 1;

    /// <summary>Duration after midnight, UTC, at which days begin: 22h is midnight in a zone of +02:00. Less than 24h. Default: 0s.</summary>
    public TimeSpan ResetTime { get; init; }

    /// <summary>Who has a quota, e.g. `%CLAIM(sub)%`, `%REQ(x-api-key)%` or `%DYNAMIC_METADATA(tenant:name)%`. Default: the client's address.</summary>
    public Template? Key { get; init; }

    /// <summary>Who has it when the key has no value: `address`, `shared` or `skip`. Default: address.</summary>
    public MissingKey Missing { get; init; } = MissingKey.Address;

    /// <summary>What a request costs: a number or an operator that gives one; what is no number, or below 1, counts 1. Default: 1.</summary>
    public Template Cost { get; init; } = Template.Parse("1");

    /// <summary>Status of requests over it, 400 to 599. Default: 429.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 429;

    /// <summary>Whether responses tell it in `RateLimit` and `RateLimit-Policy`. Default: false.</summary>
    public bool Fields { get; init; }

    /// <summary>The file it is kept in over a restart, for this filter alone; made if it is not there. Default: none, or redis.</summary>
    public string? File { get; init; }

    /// <summary>Duration between two writes of the file: what is counted since is lost when the process is killed. 100ms to 1h. Default: 5s.</summary>
    public TimeSpan Save { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where instances count together, and what keeps it. Default: each counts for itself.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>What holds while redis gives no answer: `local` or `refuse`. Default: local.</summary>
    public QuotaRedisFailure RedisFailure { get; init; } = QuotaRedisFailure.Local;

    /// <summary>Keys that are kept; a new one over it is refused until a period ends. 1 to 10000000. Default: 100000.</summary>
    [Range(1, 10_000_000, ErrorMessage = "must be between 1 and 10000000")]
    public int MaxKeys { get; init; } = 100_000;

    /// <summary>Whether requests over it are only counted and let through. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Name.Length is 0 or > 64 || Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')))
        {
            yield return new("must be letters, digits, '_', '-' and '.', 64 at most", [nameof(Name)]);
        }

        if (ResetTime < TimeSpan.Zero || ResetTime >= TimeSpan.FromHours(24))
        {
            yield return new("must be less than 24h", [nameof(ResetTime)]);
        }

        if (ResetDay != 1 && Period != QuotaPeriod.Month)
        {
            yield return new("is for months", [nameof(ResetDay)]);
        }

        if (File is not null && Redis is not null)
        {
            yield return new("redis keeps it already", [nameof(File)]);
        }

        if (Save < TimeSpan.FromMilliseconds(100) || Save > TimeSpan.FromHours(1))
        {
            yield return new("must be between 100ms and 1h", [nameof(Save)]);
        }

        if (CostReader.Problem(Cost) is { } problem)
        {
            yield return new(problem, [nameof(Cost)]);
        }
    }
}
