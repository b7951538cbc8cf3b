using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.Resp;

namespace FilterProxy.Filters.Waf;

/// <summary>Options of <see cref="WafFilter"/>.</summary>
public sealed record WafOptions : IValidatableObject
{
    /// <summary>Rule files in SecLang, in order; `*` and `?` stand for several in their order. A change of one is taken over.</summary>
    public required IReadOnlyList<string> Rules { get; init; }

    /// <summary>Directives in SecLang that come before the files, e.g. `SecRequestBodyLimit 1048576`.</summary>
    public string Directives { get; init; } = "";

    /// <summary>What becomes of an exchange that rules would stop: `detect` (it passes and is logged) or `block`. Default: detect.</summary>
    public WafMode Mode { get; init; } = WafMode.Detect;

    /// <summary>How much the OWASP CRS suspects, 1 to 4: each level finds more attacks and refuses more that are none. Default: 1.</summary>
    [Range(1, 4, ErrorMessage = "must be between 1 and 4")]
    public int Paranoia { get; init; } = 1;

    /// <summary>Values of `TX` that rules begin with, e.g. `inbound_anomaly_score_threshold: 10`.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Rules that are not asked, or do not look at everything.</summary>
    public IReadOnlyList<ExclusionOptions> Exclude { get; init; } = [];

    /// <summary>Percentage of exchanges that are inspected, chosen at random, 1 to 100. Default: 100.</summary>
    [Range(1, 100, ErrorMessage = "must be between 1 and 100")]
    public int Sample { get; init; } = 100;

    /// <summary>Media types of requests whose bodies stream through without being inspected; `video/*` is all of a kind. Default: application/grpc*.</summary>
    public IReadOnlyList<string> StreamTypes { get; init; } = ["application/grpc*"];

    /// <summary>What becomes of an exchange that cannot be inspected when `mode` is `block`: `deny` (500) or `allow`. Default: deny.</summary>
    public WafErrorAction OnError { get; init; } = WafErrorAction.Deny;

    /// <summary>File of networks and their countries for `@geoLookup`, lines like `192.0.2.0/24,DE,Germany,EU`; without one it never matches.</summary>
    public string? Countries { get; init; }

    /// <summary>Where instances share what rules remember (`IP`, `SESSION`, `GLOBAL` ...). Default: each has its own.</summary>
    public RedisOptions? Redis { get; init; }

    /// <summary>What the names of records in redis begin with.</summary>
    public string RedisPrefix { get; init; } = "fp:waf:";

    /// <summary>Where it is written down which rule matched what; null for nowhere.</summary>
    public AuditLogOptions? AuditLog { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Rules.Count == 0 && Directives.Length == 0)
        {
            yield return new("rules must name a file", [nameof(Rules)]);
        }
    }
}
