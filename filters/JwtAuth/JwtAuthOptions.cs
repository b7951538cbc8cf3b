using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>Options of <see cref="JwtAuthFilter"/>.</summary>
public sealed record JwtAuthOptions : IValidatableObject
{
    /// <summary>Whose tokens are believed.</summary>
    public IReadOnlyList<JwtIssuerOptions> Issuers { get; init; } = [];

    /// <summary>What requests need, the first that fits counts. Default: a token, for all.</summary>
    public IReadOnlyList<JwtRuleOptions> Rules { get; init; } = [];

    /// <summary>Whether requests that fit no rule pass. Default: false.</summary>
    public bool AllowUnmatched { get; init; }

    /// <summary>The field a token is in; empty for none. Default: authorization.</summary>
    public string Header { get; init; } = "authorization";

    /// <summary>The word before the token there; empty for none. Default: Bearer.</summary>
    public string Scheme { get; init; } = "Bearer";

    /// <summary>The cookie a token is in. Default: none.</summary>
    public string? Cookie { get; init; }

    /// <summary>The parameter of the query a token is in: it will stand in logs and histories. Default: none.</summary>
    public string? Query { get; init; }

    /// <summary>Whether the upstream gets the token too. Default: false.</summary>
    public bool Forward { get; init; }

    /// <summary>Request headers that tell the upstream claims, e.g. `x-user: sub`; items of lists are joined by commas. What clients send there is taken away in any case.</summary>
    public IReadOnlyDictionary<string, string> ClaimHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Metadata that tell other filters claims, beside `jwt:sub` and `jwt:iss`: e.g. `tenant: org_id` becomes `jwt:tenant`.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The claim with the user's roles, by name or path. Default: roles.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>The claim with the token's scopes, a list or words. Default: scope.</summary>
    public string ScopeClaim { get; init; } = "scope";

    /// <summary>What the client is told it asked for. Default: api.</summary>
    public string Realm { get; init; } = "api";

    /// <summary>The longest token that is looked at. Default: 8KiB.</summary>
    public ByteSize MaxToken { get; init; } = ByteSize.FromKiB(8);

    /// <summary>Tokens that are remembered once they were found right; 0 for none. Default: 4096.</summary>
    [Range(0, 1_000_000, ErrorMessage = "must be between 0 and 1000000")]
    public int CacheTokens { get; init; } = 4096;

    /// <summary>How long one is remembered at most; never longer than it lasts or than its key is published. Default: 5m.</summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var needed = Rules.Count == 0 || Rules.Any(rule => rule.Token != TokenNeed.None);
        if (Issuers.Count == 0 && needed)
        {
            yield return new("issuers must name somebody", [nameof(Issuers)]);
        }

        if (Issuers.Select(issuer => issuer.Issuer).Distinct().Count() != Issuers.Count)
        {
            yield return new("an issuer is there twice", [nameof(Issuers)]);
        }

        foreach (var name in Rules.SelectMany(rule => rule.Issuers).Where(name => Issuers.All(issuer => issuer.Issuer != name)))
        {
            yield return new($"'{name}' is none of the issuers", [nameof(Rules)]);
        }

        if (Header.Length == 0 && Cookie is null && Query is null)
        {
            yield return new("one of header, cookie and query must say where tokens are", [nameof(Header)]);
        }

        foreach (var name in ClaimHeaders.Keys.Append(Header).Where(name => name.Length > 0 && !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))))
        {
            yield return new($"'{name}' is no header name", [nameof(ClaimHeaders)]);
        }

        if (ClaimHeaders.Keys.FirstOrDefault(name => name.ToLowerInvariant() is "host" or "content-length" or "transfer-encoding" or "connection" or "cookie"
            || name.Equals(Header, StringComparison.OrdinalIgnoreCase)) is { } taken)
        {
            yield return new($"'{taken}' cannot tell a claim", [nameof(ClaimHeaders)]);
        }

        if (Realm.Any(c => c is < ' ' or > '~' or '"' or '\\'))
        {
            yield return new("must be visible ASCII without quotes and backslashes", [nameof(Realm)]);
        }

        if (MaxToken.Bytes is < 256 or > 256 * 1024)
        {
            yield return new("must be between 256B and 256KiB", [nameof(MaxToken)]);
        }
    }
}
