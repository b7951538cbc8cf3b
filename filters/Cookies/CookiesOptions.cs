using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Cookies;

/// <summary>Options of <see cref="CookiesFilter"/>.</summary>
public sealed record CookiesOptions : IValidatableObject
{
    /// <summary>Names of the cookies that are rewritten; a `*` at the end or the beginning stands for anything. Default: all.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Beginnings of Path and what replaces them, e.g. `{ /app: / }`; the longest that fits counts.</summary>
    public IReadOnlyDictionary<string, string> Path { get; init; } = new Dictionary<string, string>();

    /// <summary>Domains and what replaces them, e.g. `{ app.internal: example.com }`; `*` is any, and an empty text takes the attribute off.</summary>
    public IReadOnlyDictionary<string, string> Domain { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether cookies are sent over https only. Default: as the upstream says.</summary>
    public bool? Secure { get; init; }

    /// <summary>Whether scripts cannot read cookies. Default: as the upstream says.</summary>
    public bool? HttpOnly { get; init; }

    /// <summary>When cookies go with requests from other sites: `keep` (as the upstream says), `strict`, `lax` or `none`. Default: keep.</summary>
    public SameSitePolicy SameSite { get; init; } = SameSitePolicy.Keep;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Path.Count == 0 && Domain.Count == 0 && Secure is null && HttpOnly is null && SameSite == SameSitePolicy.Keep)
        {
            yield return new("at least one of path, domain, secure, http_only and same_site must say what is rewritten");
        }

        if (Path.Any(rule => !rule.Key.StartsWith('/') || !rule.Value.StartsWith('/')))
        {
            yield return new("a path begins with '/', and so does what replaces it", [nameof(Path)]);
        }

        if (Path.Values.Concat(Domain.Values).Any(text => text.Any(c => c is <= ' ' or > '~' or ';')))
        {
            yield return new("must be visible ASCII without ';' (RFC 6265 §4.1.1)", [Path.Count > 0 ? nameof(Path) : nameof(Domain)]);
        }

        if (SameSite == SameSitePolicy.None && Secure == false)
        {
            yield return new("browsers drop cookies with SameSite=None that are not Secure", [nameof(SameSite)]);
        }

        if (Names.Any(name => name.Length == 0 || name.Trim('*').Contains('*', StringComparison.Ordinal)))
        {
            yield return new("a name has '*' only at its beginning or end", [nameof(Names)]);
        }
    }
}
