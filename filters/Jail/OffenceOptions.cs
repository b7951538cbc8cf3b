using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Jail;

/// <summary>What counts as an offence. All that is given must hold.</summary>
public sealed record OffenceOptions : IValidatableObject
{
    /// <summary>What the log, metrics and operators call it.</summary>
    [Required(ErrorMessage = "name must not be empty")]
    [MaxLength(64, ErrorMessage = "must have at most 64 characters")]
    public string Name { get; init; } = "";

    /// <summary>Statuses of the response: `401`, `4xx` or `400-404`. Default: any.</summary>
    public IReadOnlyList<string> Statuses { get; init; } = [];

    /// <summary>Reason codes, e.g. `rate_limited`, `bad_request` or those of an auth filter or a WAF. Default: any.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>
    /// Paths nobody has any business to ask for, e.g. `/wp-login.php`, or `/.git/*` for all that begin so. Who does gets 404 at once. Default: any
    /// path, answered as it is.
    /// </summary>
    public IReadOnlyList<string> Honeypots { get; init; } = [];

    /// <summary>
    /// Whether TLS handshakes that fail are this offence, where the jail stands among a listener's filters: what is no TLS, protocols and ciphers
    /// nobody offers, client certificates that do not hold. Those that the client breaks off are none. Default: false.
    /// </summary>
    public bool Handshakes { get; init; }

    /// <summary>How much it counts, 1 to 1000000. Default: 1.</summary>
    [Range(1, 1_000_000, ErrorMessage = "must be between 1 and 1000000")]
    public int Weight { get; init; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Handshakes && Statuses.Count == 0 && Reasons.Count == 0 && Honeypots.Count == 0)
        {
            yield return new("statuses, reasons, honeypots or handshakes must say what it is");
        }

        if (Handshakes && Statuses.Count + Reasons.Count + Honeypots.Count > 0)
        {
            yield return new("belongs to an offence of its own: a handshake has no status, reason or path", [nameof(Handshakes)]);
        }

        if (Statuses.FirstOrDefault(status => !StatusSet.TryParse(status, out _)) is { } wrong)
        {
            yield return new($"'{wrong}' is no status like 401, 4xx or 400-404", [nameof(Statuses)]);
        }

        if (Honeypots.FirstOrDefault(path => !path.StartsWith('/') || path.TrimEnd('*').Contains('*', StringComparison.Ordinal)) is { } path)
        {
            yield return new($"'{path}' is no path like /a or /a/*", [nameof(Honeypots)]);
        }
    }
}
