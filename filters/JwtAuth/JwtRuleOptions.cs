using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Auth;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>What requests need. The first rule that fits a request is its rule.</summary>
public sealed record JwtRuleOptions : IValidatableObject
{
    /// <summary>Paths it is for, e.g. `/login`, `/admin/*`. Default: all.</summary>
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>Methods it is for. Default: all.</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Whether a token is needed: required, optional or none. Default: required.</summary>
    public TokenNeed Token { get; init; } = TokenNeed.Required;

    /// <summary>Issuers whose tokens may be used here. Default: all.</summary>
    public IReadOnlyList<string> Issuers { get; init; } = [];

    /// <summary>Audiences, one of which the token must be for here, besides what its issuer's entry says.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Scopes the token must have, all of them.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Scopes, one of which the token must have.</summary>
    public IReadOnlyList<string> AnyScope { get; init; } = [];

    /// <summary>Claims the token must have: by name or path, e.g. `realm_access.roles`, the values one of which it must have; none for any value.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Claims { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var path in Path.Where(path => !PathRule.TryParse(path, out _)))
        {
            yield return new($"'{path}' is no path like '/login' or '/admin/*'", [nameof(Path)]);
        }

        if (Token == TokenNeed.None && (Issuers.Count > 0 || Audiences.Count > 0 || Scopes.Count > 0 || AnyScope.Count > 0 || Claims.Count > 0))
        {
            yield return new("a rule without a token cannot demand anything of it", [nameof(Token)]);
        }

        foreach (var scope in Scopes.Concat(AnyScope).Where(scope => scope.Length == 0 || scope.Any(c => c is <= ' ' or > '~' or '"' or '\\')))
        {
            yield return new($"'{scope}' is no scope (RFC 6749 §3.3)", [nameof(Scopes)]);
        }
    }
}
