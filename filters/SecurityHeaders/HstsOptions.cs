using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>Strict-Transport-Security (RFC 6797).</summary>
public sealed record HstsOptions : IValidatableObject
{
    /// <summary>Whether it is sent. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Duration a browser uses https only; 0 takes it back. Default: 365d.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(365);

    /// <summary>Whether it holds for all hosts below this one. Default: false.</summary>
    public bool IncludeSubdomains { get; init; }

    /// <summary>Whether browsers may ship with it. Hard to take back. Default: false.</summary>
    public bool Preload { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Preload && (!IncludeSubdomains || MaxAge < TimeSpan.FromDays(365)))
        {
            yield return new("preload needs include_subdomains and a max_age of at least 365d (hstspreload.org)", [nameof(Preload)]);
        }
    }
}
