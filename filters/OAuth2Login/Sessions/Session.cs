using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.OAuth2Login.Sessions;

/// <summary>
/// One login: who it is and the tokens. Immutable but for when it was last seen; a refresh makes another of the same id. What requests need of
/// it is made once, when it is opened.
/// </summary>
internal sealed class Session
{
    private const string RoleClaim = "roles";

    private readonly JwtClaims _claims;
    private readonly ConcurrentDictionary<string, byte[]> _fields = new(StringComparer.Ordinal);
    private long _seen;

    /// <param name="data">What is stored.</param>
    /// <param name="rolesClaim">The claim with the user's roles.</param>
    /// <param name="lifetime">How long a login lasts.</param>
    /// <param name="time">The clock.</param>
    public Session(SessionData data, string rolesClaim, TimeSpan lifetime, TimeProvider time)
    {
        Data = data;
        _seen = data.Seen;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var ends = data.Created + (long)lifetime.TotalMilliseconds;
        EndsAt = TimestampIn(time, Math.Min(ends - now, (long)lifetime.TotalMilliseconds));
        TokenEndsAt = data.TokenEnds == 0 ? long.MaxValue : TimestampIn(time, data.TokenEnds - now);
        (Key, SidKey, SubjectKey) = (Digest.Of(data.Issuer, "id", data.Id), data.Sid is { } sid ? Digest.Of(data.Issuer, "sid", sid) : 0, Digest.Of(data.Issuer, "sub", data.Subject));
        Bearer = Encoding.ASCII.GetBytes($"Bearer {data.AccessToken}");
        IdBearer = data.IdToken is { } idToken ? Encoding.ASCII.GetBytes($"Bearer {idToken}") : [];
        _claims = JwtClaims.Read(data.Claims, out _) ?? throw new FormatException("the claims are none");
        Roles = [.. _claims.Words(rolesClaim)];
        Principal = _claims.ToPrincipal("oauth2_login", RoleClaim);
        var identity = (ClaimsIdentity)Principal.Identity!;
        AddMissing(identity, RoleClaim, Roles);
        AddMissing(identity, "scope", [.. data.Scope.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        RolesText = string.Join(' ', Roles);
    }

    /// <summary>What is stored.</summary>
    public SessionData Data { get; }

    /// <summary>The login, its session at the provider (0 for none) and its user, as <see cref="EndedLogins"/> knows them.</summary>
    public UInt128 Key { get; }

    public UInt128 SidKey { get; }

    public UInt128 SubjectKey { get; }

    public ClaimsPrincipal Principal { get; }

    public IReadOnlyList<string> Roles { get; }

    /// <summary>The roles with spaces between them.</summary>
    public string RolesText { get; }

    /// <summary>The value of Authorization with the access token.</summary>
    public byte[] Bearer { get; }

    /// <summary>The value of Authorization with the ID token; empty for none.</summary>
    public byte[] IdBearer { get; }

    /// <summary>The timestamp at which it ends, however the time of day is set meanwhile.</summary>
    public long EndsAt { get; }

    /// <summary>The timestamp at which the access token ends, likewise.</summary>
    public long TokenEndsAt { get; }

    /// <summary>Unix milliseconds of the last request that counted.</summary>
    public long Seen => Volatile.Read(ref _seen);

    /// <summary>The timestamp at which it was last found in redis.</summary>
    public long CheckedAt { get; set; }

    public void Touch(long now) => Volatile.Write(ref _seen, now);

    /// <summary>A claim as text for a field, several values with commas between them; empty for none. Made once.</summary>
    public byte[] FieldOf(string claim) => _fields.TryGetValue(claim, out var field) ? field : _fields.GetOrAdd(claim, MakeField);

    /// <summary>Whether a claim is one of some values, or a list that has one.</summary>
    public bool HasClaim(string name, IReadOnlyList<string> values) => _claims.Texts(name).Any(value => values.Contains(value, StringComparer.Ordinal));

    /// <summary>The granted scopes.</summary>
    public bool HasScope(string scope) => Principal.HasClaim("scope", scope);

    private byte[] MakeField(string claim) => FieldText.Of(_claims, claim);

    private static void AddMissing(ClaimsIdentity identity, string type, IReadOnlyList<string> values) =>
        identity.AddClaims(values.Where(value => !identity.HasClaim(type, value)).Select(value => new Claim(type, value)));

    private static long TimestampIn(TimeProvider time, long milliseconds) => time.GetTimestamp() + (long)(milliseconds / 1000.0 * time.TimestampFrequency);
}
