using System.Security.Claims;
using System.Text.Json;
using FilterProxy.Filters.Jose;
using FilterProxy.Filters.OAuth2Login.Sessions;

namespace FilterProxy.Filters.OAuth2Login.Introspection;

/// <summary>What a provider said of a token (RFC 7662 §2.2), as requests need it.</summary>
internal sealed class IntrospectedToken
{
    private IntrospectedToken(string problem, bool isUnknown) => (Problem, IsUnknown) = (problem, isUnknown);

    /// <summary>Whose it is; null where it is refused or unknown.</summary>
    public ClaimsPrincipal? Principal { get; private init; }

    /// <summary>Fields for the upstream, in the order of the options.</summary>
    public byte[][] Fields { get; private init; } = [];

    public string Subject { get; private init; } = "";

    public string Roles { get; private init; } = "";

    public string Scope { get; private init; } = "";

    /// <summary>Whether it has the scopes that are asked for.</summary>
    public bool HasScopes { get; private init; }

    /// <summary>When it ends by its own words; null where it does not say.</summary>
    public DateTimeOffset? Ends { get; private init; }

    /// <summary>Why it is refused, or the provider was not reached.</summary>
    public string Problem { get; }

    /// <summary>The provider was not reached.</summary>
    public bool IsUnknown { get; }

    /// <summary>The timestamp until which it may be believed while the provider cannot be reached.</summary>
    public long StaleUntil { get; init; }

    public static IntrospectedToken Unknown(string problem) => new(problem, isUnknown: true);

    /// <param name="body">The answer.</param>
    /// <param name="options">What it must be like.</param>
    /// <param name="now">The time of day.</param>
    /// <param name="staleUntil">See <see cref="StaleUntil"/>.</param>
    public static IntrospectedToken Read(byte[] body, TokenIntrospectionOptions options, DateTimeOffset now, long staleUntil)
    {
        if (JwtClaims.Read(body, out var failure) is not { } claims)
        {
            return Unknown($"its answer cannot be understood: {failure.Detail}");
        }

        var problem = !claims.Root.TryGetProperty("active", out var active) || active.ValueKind != JsonValueKind.True ? "it is not active"
            : claims.Issuer is { } issuer && issuer != options.Issuer ? "it is another issuer's"
            : claims.Expires is { } ends && ends + options.ClockSkew <= now ? "its time has passed"
            : claims.NotBefore is { } begins && now + options.ClockSkew < begins ? "its time has not come"
            : options.Audiences.Count > 0 && !claims.Texts("aud").Any(options.Audiences.Contains) ? "it is for another audience"

            // RFC 8705, RFC 9449: it holds for who has a key, and that was not shown.
            : claims.Root.TryGetProperty("cnf", out _) ? "it is bound to a key"
            : "";
        if (problem.Length > 0)
        {
            return new IntrospectedToken(problem, isUnknown: false);
        }

        var roles = claims.Words(options.RolesClaim).ToList();
        var scopes = claims.Words("scope").ToList();
        var principal = claims.ToPrincipal("token_introspection", "roles");
        var identity = (ClaimsIdentity)principal.Identity!;
        identity.AddClaims(roles.Where(role => !identity.HasClaim("roles", role)).Select(role => new Claim("roles", role)));
        identity.AddClaims(scopes.Where(scope => !identity.HasClaim("scope", scope)).Select(scope => new Claim("scope", scope)));
        return new IntrospectedToken("", isUnknown: false)
        {
            Principal = principal,
            Fields = [.. options.ClaimHeaders.Select(header => FieldText.Of(claims, header.Value))],
            Subject = claims.Subject ?? "",
            Roles = string.Join(' ', roles),
            Scope = string.Join(' ', scopes),
            HasScopes = options.Scopes.All(scopes.Contains),
            Ends = claims.Expires,
            StaleUntil = staleUntil,
        };
    }
}
