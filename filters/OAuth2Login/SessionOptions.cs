using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>How long a login lasts and where it is kept.</summary>
public sealed record SessionOptions : IValidatableObject
{
    /// <summary>Where sessions are kept: `cookie`, encrypted with the client, `memory` or `redis`. Default: cookie.</summary>
    public SessionPlace Place { get; init; } = SessionPlace.Cookie;

    /// <summary>
    /// Name of the cookie. Where the browser takes it (secure, no `domain`) `__Host-` is put before it, so that no other site can set it. Default: session.
    /// </summary>
    public string Cookie { get; init; } = "session";

    /// <summary>Secrets of 32 characters or more that cookies are encrypted with: the first seals, all open. Default: a random one, which ends with the process.</summary>
    [Secret]
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>A file of further keys, one a line, `#` begins a comment. A change of the file is taken over.</summary>
    public string? KeysFile { get; init; }

    /// <summary>When the cookie goes with requests from other sites: `lax`, `strict` or `none`. Default: lax.</summary>
    public SameSitePolicy SameSite { get; init; } = SameSitePolicy.Lax;

    /// <summary>Whether the cookie goes over TLS only. Browsers take such a cookie from http://localhost too. Default: true.</summary>
    public bool Secure { get; init; } = true;

    /// <summary>A domain whose hosts all get the cookie. Default: this host alone.</summary>
    public string? Domain { get; init; }

    /// <summary>Duration after which one must log in again, whatever one did. Default: 12h.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Duration without a request after which one must log in again; `off` for none. Default: 1h.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether a session without a refresh token goes on when its access token has expired. Default: false.</summary>
    public bool OutlivesToken { get; init; }

    /// <summary>Cookies one session may take, of 3,800 bytes each. Default: 5.</summary>
    [Range(1, 10, ErrorMessage = "must be between 1 and 10")]
    public int MaxCookies { get; init; } = 5;

    /// <summary>Where redis is, for `place: redis`.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>What keys in redis begin with. Default: filterproxy:login:.</summary>
    public string RedisPrefix { get; init; } = "filterproxy:login:";

    /// <summary>Duration a session is believed without asking redis again: so long a logout at another proxy may take to hold here. Default: 2s.</summary>
    public TimeSpan RedisCheck { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether sessions this proxy knows go on while redis is out of reach; else they get 503. Default: false.</summary>
    public bool KeepWithoutRedis { get; init; }

    /// <summary>Sessions kept in memory, or opened cookies remembered; over it the ones not used for longest go. Default: 20000.</summary>
    [Range(16, 10_000_000, ErrorMessage = "must be between 16 and 10000000")]
    public int Max { get; init; } = 20_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Cookie.Length is 0 or > 64 || !HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(Cookie)))
        {
            yield return new($"'{Cookie}' is no cookie name of up to 64 letters", [nameof(Cookie)]);
        }

        if (Keys.Any(key => key.Length < 32))
        {
            yield return new("a key must have 32 characters or more; 'openssl rand -base64 32' makes one", [nameof(Keys)]);
        }

        if ((Place == SessionPlace.Redis) != (Redis is not null))
        {
            yield return new("place: redis and redis belong together", [nameof(Redis)]);
        }

        if (Place == SessionPlace.Redis && Keys.Count == 0 && KeysFile is null)
        {
            yield return new("sessions in redis need keys, or no other proxy could read them", [nameof(Keys)]);
        }

        if (RedisCheck < TimeSpan.Zero || RedisCheck > TimeSpan.FromMinutes(5))
        {
            yield return new("must be between 0 and 5m", [nameof(RedisCheck)]);
        }

        if (Lifetime < TimeSpan.FromMinutes(1) || Lifetime > TimeSpan.FromDays(90))
        {
            yield return new("must be between 1m and 90d", [nameof(Lifetime)]);
        }

        if (Idle < TimeSpan.Zero)
        {
            yield return new("must not be negative", [nameof(Idle)]);
        }

        if (SameSite == SameSitePolicy.None && !Secure)
        {
            yield return new("browsers refuse a cookie with same_site none that is not secure", [nameof(SameSite)]);
        }

        if (Domain is { } domain && !domain.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-'))
        {
            yield return new($"'{domain}' is no domain", [nameof(Domain)]);
        }
    }
}
