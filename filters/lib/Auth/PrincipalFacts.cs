using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Security.Claims;

namespace FilterProxy.Filters.Auth;

/// <summary>
/// What rules ask of a user, looked up without walking through claims for every request: made once for each principal, which filters share between
/// the requests of a token or a key.
/// </summary>
internal sealed class PrincipalFacts
{
    private static readonly ConditionalWeakTable<ClaimsPrincipal, PrincipalFacts> Known = [];
    private static readonly PrincipalFacts Nobody = new(new ClaimsPrincipal());

    private readonly FrozenDictionary<string, FrozenSet<string>> _claims;

    private PrincipalFacts(ClaimsPrincipal user)
    {
        IsAuthenticated = user.Identities.Any(identity => identity.IsAuthenticated);
        _claims = user.Claims.GroupBy(claim => claim.Type, StringComparer.Ordinal)
            .ToFrozenDictionary(group => group.Key, group => group.Select(claim => claim.Value).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);
        Name = user.FindFirst("sub")?.Value ?? user.Identity?.Name ?? "";
        Roles = Of("roles", "role", ClaimTypes.Role).ToFrozenSet(StringComparer.Ordinal);
        Scopes = Of("scope", "scp").SelectMany(text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToFrozenSet(StringComparer.Ordinal);
    }

    public bool IsAuthenticated { get; }

    /// <summary>Who it is: the claim <c>sub</c>, else the identity's name; empty for nobody.</summary>
    public string Name { get; }

    public FrozenSet<string> Roles { get; }

    public FrozenSet<string> Scopes { get; }

    /// <summary>Those of an exchange's user; nobody's without one.</summary>
    public static PrincipalFacts Of(ClaimsPrincipal? user) => user is null ? Nobody : Known.GetValue(user, static key => new PrincipalFacts(key));

    /// <summary>The values of a claim; null where there is none.</summary>
    public FrozenSet<string>? Claim(string type) => _claims.GetValueOrDefault(type);

    private IEnumerable<string> Of(params string[] types) => types.SelectMany(type => _claims.TryGetValue(type, out var values) ? values : (IEnumerable<string>)[]);
}
