using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.OAuth2Login.Introspection;

/// <summary>Options of <see cref="TokenIntrospectionFilter"/>.</summary>
public sealed record TokenIntrospectionOptions : ProviderOptions
{
    /// <summary>Whether requests without a token get 401; else they pass without a user. Default: true.</summary>
    public bool Required { get; init; } = true;

    /// <summary>Scopes a token must have, all of them; else 403. Default: none are asked for.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Audiences, one of which a token must be for. Default: none is asked for.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>Claim that holds the roles; dots lead into objects. Default: roles.</summary>
    public string RolesClaim { get; init; } = "roles";

    /// <summary>Claims by request header that upstreams get them in; what clients send there is dropped. Default: none.</summary>
    public IReadOnlyDictionary<string, string> ClaimHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the upstream gets the Authorization header too. Default: true.</summary>
    public bool Forward { get; init; } = true;

    /// <summary>Duration an answer is believed, at most until the token ends: a token that is revoked passes so much longer. Default: 1m.</summary>
    public TimeSpan Cache { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Duration a token that was refused is refused without asking. Default: 10s.</summary>
    public TimeSpan CacheRefused { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Duration an answer is believed beyond `cache` while the provider cannot be reached, at most until the token ends. Default: 0.</summary>
    public TimeSpan Stale { get; init; } = TimeSpan.Zero;

    /// <summary>Answers kept; over it the ones not used for longest go. Default: 10000.</summary>
    [Range(16, 10_000_000, ErrorMessage = "must be between 16 and 10000000")]
    public int Max { get; init; } = 10_000;

    /// <summary>Questions to the provider at a time; over it requests with unknown tokens get 503. Default: 64.</summary>
    [Range(1, 10_000, ErrorMessage = "must be between 1 and 10000")]
    public int Parallel { get; init; } = 64;

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in base.Validate(validationContext))
        {
            yield return problem;
        }

        if (ClaimHeaders.Keys.FirstOrDefault(name => !HeaderName.IsToken(Encoding.UTF8.GetBytes(name))) is { } wrong)
        {
            yield return new($"'{wrong}' is no header name", [nameof(ClaimHeaders)]);
        }

        foreach (var (name, value) in ((string, TimeSpan)[])[(nameof(Cache), Cache), (nameof(CacheRefused), CacheRefused), (nameof(Stale), Stale)])
        {
            if (value < TimeSpan.Zero || value > TimeSpan.FromDays(1))
            {
                yield return new("must be between 0 and 1d", [name]);
            }
        }
    }
}
