using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Cors;

/// <summary>Options of <see cref="CorsFilter"/>.</summary>
public sealed record CorsOptions : IValidatableObject
{
    /// <summary>
    /// Origins that may read responses: `https://app.example.com`, `https://*.example.com` for every host below a domain, `null`, or `*` for all.
    /// </summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <summary>Regular expressions an origin may match instead, as a whole, e.g. `https://pr-\d+\.example\.com`.</summary>
    public IReadOnlyList<string> OriginRegex { get; init; } = [];

    /// <summary>Methods a preflight allows; `*` for all. Default: GET, HEAD, POST.</summary>
    public IReadOnlyList<string> Methods { get; init; } = ["GET", "HEAD", "POST"];

    /// <summary>Request headers a preflight allows; `*` for all.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Response headers scripts may read besides the safelisted ones.</summary>
    public IReadOnlyList<string> ExposeHeaders { get; init; } = [];

    /// <summary>Whether requests may carry cookies and credentials. Not together with the origin `*`. Default: false.</summary>
    public bool Credentials { get; init; }

    /// <summary>Whether public pages may reach this server in a private network (Private Network Access). Default: false.</summary>
    public bool PrivateNetwork { get; init; }

    /// <summary>Duration a browser may keep the answer to a preflight; `off` leaves it to the browser. Default: 10m.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Origins.Count == 0 && OriginRegex.Count == 0)
        {
            yield return new("origins or origin_regex must name at least one origin", [nameof(Origins)]);
        }

        if (Credentials && Origins.Contains("*"))
        {
            yield return new("with credentials every origin must be named: '*' would let any page act as the user (Fetch, 3.2.5)", [nameof(Origins)]);
        }
    }
}
