using System.ComponentModel.DataAnnotations;
using System.Net;
using FilterProxy.Filters.Keys;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.Jail;

/// <summary>Options of <see cref="JailFilter"/>.</summary>
public sealed record JailOptions : IValidatableObject
{
    /// <summary>What counts as an offence; of those that hold for a request the heaviest counts. At least one.</summary>
    public IReadOnlyList<OffenceOptions> Offences { get; init; } = [];

    /// <summary>Weight of offences within `per` at which a client is banned, 1 to 1000000. Default: 20.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Max { get; init; } = 20;

    /// <summary>Duration in which that much runs out again, 1s to 24h. Default: 1m.</summary>
    public TimeSpan Per { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Duration of a ban, 1s to 31d; each further one is twice as long as the last. Default: 10m.</summary>
    public TimeSpan Ban { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest ban. Default: 24h.</summary>
    public TimeSpan MaxBan { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Jails of the same name have the same bans and offences, e.g. one among `http.filters` and one among a listener's. Default: each has its own.</summary>
    public string? Name { get; init; }

    /// <summary>Who is banned, e.g. `%CLAIM(sub)%`. Default: the client's address.</summary>
    public Template? Key { get; init; }

    /// <summary>Who is banned when the key has no value: `address`, `shared` or `skip`. Default: address.</summary>
    public MissingKey Missing { get; init; } = MissingKey.Address;

    /// <summary>Bits of an IPv4 address that tell clients apart, 8 to 32. Default: 32.</summary>
    [Range(8, 32, ErrorMessage = "must be between 8 and 32")]
    public int Ipv4Prefix { get; init; } = 32;

    /// <summary>Bits of an IPv6 address that tell clients apart, 16 to 128. Default: 64.</summary>
    [Range(16, 128, ErrorMessage = "must be between 16 and 128")]
    public int Ipv6Prefix { get; init; } = 64;

    /// <summary>Networks that are never banned, e.g. of a monitor.</summary>
    public IReadOnlyList<IPNetwork> Never { get; init; } = [];

    /// <summary>What who is banned gets: `refuse`, `close` or `challenge`. Default: refuse.</summary>
    public JailAction Action { get; init; } = JailAction.Refuse;

    /// <summary>Status of the refusal, 400 to 599. Default: 403.</summary>
    [Range(400, 599, ErrorMessage = "must be between 400 and 599")]
    public int Status { get; init; } = 403;

    /// <summary>The path of a challenge, which lets those pass that it sets free by the action `jail_release` of the admin API. What begins with it is not refused.</summary>
    public string? Challenge { get; init; }

    /// <summary>Clients whose offences are kept, and bans, 1 to 1000000. Default: 20000.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int MaxKeys { get; init; } = 20_000;

    /// <summary>Whether bans are only counted and shown. Default: false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Where instances share their bans. Default: each has its own.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>The name of the bans in redis. Default: fp:jail.</summary>
    public string RedisKey { get; init; } = "fp:jail";

    /// <summary>Duration between two looks at the bans of others. Default: 1s.</summary>
    public TimeSpan Sync { get; init; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Offences.Count == 0)
        {
            yield return new("must name an offence", [nameof(Offences)]);
        }

        if (Per < TimeSpan.FromSeconds(1) || Per > TimeSpan.FromHours(24))
        {
            yield return new("must be between 1s and 24h", [nameof(Per)]);
        }

        if (Ban < TimeSpan.FromSeconds(1) || Ban > MaxBan || MaxBan > TimeSpan.FromDays(31))
        {
            yield return new("must be between 1s and max_ban, and that at most 31d", [nameof(Ban)]);
        }

        if ((Action == JailAction.Challenge) != (Challenge is not null) || Challenge?.StartsWith('/') == false)
        {
            yield return new("belongs to the action 'challenge' and begins with a slash", [nameof(Challenge)]);
        }

        if (Sync < TimeSpan.FromMilliseconds(10))
        {
            yield return new("must be at least 10ms", [nameof(Sync)]);
        }
    }
}
