using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Jose;

namespace FilterProxy.Filters.JwtAuth;

/// <summary>Somebody whose tokens are believed.</summary>
public sealed record JwtIssuerOptions : IValidatableObject
{
    /// <summary>Its name, byte for byte as tokens have it in `iss`.</summary>
    [Required(ErrorMessage = "issuer is missing")]
    public string Issuer { get; init; } = "";

    /// <summary>Whom its tokens may be for: one of these must be in `aud`. Default: anybody, which is right only for an issuer that serves nobody else.</summary>
    public IReadOnlyList<string> Audiences { get; init; } = [];

    /// <summary>A file with its keys (RFC 7517): public ones, or secrets where `algorithms` are HS. A change of the file is taken over.</summary>
    public string? JwksFile { get; init; }

    /// <summary>Where its public keys are; https, or http on this machine or by `cluster`.</summary>
    public Uri? JwksUrl { get; init; }

    /// <summary>Whether it tells itself where its keys are, below `/.well-known/openid-configuration` of its name. Default: false.</summary>
    public bool Discovery { get; init; }

    /// <summary>The cluster that is asked for `jwks_url` and `discovery`, whatever host they name. Default: that host.</summary>
    public string? Cluster { get; init; }

    /// <summary>A PEM file of the authorities whose certificates that host may have. Default: the system's.</summary>
    public string? Ca { get; init; }

    /// <summary>Algorithms that are believed: RS, PS or ES with 256, 384 or 512, or HS alone. Default: all but HS.</summary>
    public IReadOnlyList<string> Algorithms { get; init; } = [];

    /// <summary>What `typ` may be, without `application/`; an empty one lets it be missing. Default: none, `jwt` or `at+jwt`.</summary>
    public IReadOnlyList<string> Types { get; init; } = ["", "jwt", "at+jwt"];

    /// <summary>How far its clock and ours may be apart. Default: 1m.</summary>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether tokens must have an end (`exp`). Default: true.</summary>
    public bool RequireExpiry { get; init; } = true;

    /// <summary>The longest time since a token was made (`iat`). Default: any.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>How old fetched keys become before they are fetched anew. Default: 1h.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The least time between two fetches because a token names a key that is not there. Default: 30s.</summary>
    public TimeSpan RefreshFloor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For how long after `refresh` keys are used while no others can be fetched; 0 for ever. Default: 1d.</summary>
    public TimeSpan MaxStale { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long a fetch may take. Default: 5s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((JwksFile is null ? 0 : 1) + (JwksUrl is null ? 0 : 1) + (Discovery ? 1 : 0) != 1)
        {
            yield return new("one of jwks_file, jwks_url and discovery says where its keys are", [nameof(Issuer)]);
        }

        foreach (var name in Algorithms.Where(name => JwsAlgorithms.Parse(name) == JwsAlgorithm.None))
        {
            yield return new($"'{name}' is none of {JwsAlgorithms.Known}", [nameof(Algorithms)]);
        }

        var secrets = Algorithms.Count(name => JwsAlgorithms.IsSymmetric(JwsAlgorithms.Parse(name)));
        if (secrets > 0 && secrets < Algorithms.Count)
        {
            yield return new("HS cannot stand beside others: a public key would be taken for a secret", [nameof(Algorithms)]);
        }

        if (secrets > 0 && JwksFile is null)
        {
            yield return new("secrets come from jwks_file alone", [nameof(Algorithms)]);
        }

        if (JwksUrl is not null && !ProviderClient.Allows(JwksUrl, Cluster is not null))
        {
            yield return new("must be https, or http on this machine or by cluster", [nameof(JwksUrl)]);
        }

        if (Discovery && !(Uri.TryCreate(Issuer, UriKind.Absolute, out var url) && ProviderClient.Allows(url, Cluster is not null)))
        {
            yield return new("must be an https URL for discovery, or http on this machine or by cluster", [nameof(Issuer)]);
        }

        if (ClockSkew < TimeSpan.Zero || ClockSkew > TimeSpan.FromHours(1))
        {
            yield return new("must be between 0 and 1h", [nameof(ClockSkew)]);
        }

        if (Refresh < TimeSpan.FromSeconds(1) || Timeout <= TimeSpan.Zero || RefreshFloor < TimeSpan.Zero)
        {
            yield return new("refresh must be 1s or more, timeout more than 0", [nameof(Refresh)]);
        }
    }
}
