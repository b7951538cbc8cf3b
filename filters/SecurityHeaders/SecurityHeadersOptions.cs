using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>Options of <see cref="SecurityHeadersFilter"/>.</summary>
public sealed record SecurityHeadersOptions : IValidatableObject
{
    /// <summary>Strict-Transport-Security of responses over TLS.</summary>
    public HstsOptions Hsts { get; init; } = new();

    /// <summary>
    /// Content-Security-Policy, e.g. `script-src 'self' 'nonce-{nonce}'`: `{nonce}` becomes a new random value for every response. Default: none.
    /// </summary>
    public string? Csp { get; init; }

    /// <summary>Content-Security-Policy-Report-Only, as `csp`. Default: none.</summary>
    public string? CspReportOnly { get; init; }

    /// <summary>
    /// Request header that tells the upstream the nonce; the policies are told it too, in the headers they have in responses, where Next.js looks for the
    /// nonce. Empty tells nothing. Default: x-nonce.
    /// </summary>
    public string NonceHeader { get; init; } = "x-nonce";

    /// <summary>Who may show pages in a frame, X-Frame-Options: `deny`, `same_origin`, or `off` for no header. Default: same_origin.</summary>
    public FramePolicy Frame { get; init; } = FramePolicy.SameOrigin;

    /// <summary>What links tell about the page they are on, Referrer-Policy; `off` for no header. Default: strict_origin_when_cross_origin.</summary>
    public ReferrerPolicy Referrer { get; init; } = ReferrerPolicy.StrictOriginWhenCrossOrigin;

    /// <summary>Whether browsers are told not to guess media types, X-Content-Type-Options: nosniff. Default: true.</summary>
    public bool NoSniff { get; init; } = true;

    /// <summary>Permissions-Policy, e.g. `camera=(), geolocation=()`. Default: none.</summary>
    public string? Permissions { get; init; }

    /// <summary>Cross-Origin-Opener-Policy, e.g. `same-origin`. Default: none.</summary>
    public string? OpenerPolicy { get; init; }

    /// <summary>Cross-Origin-Embedder-Policy, e.g. `require-corp`. Default: none.</summary>
    public string? EmbedderPolicy { get; init; }

    /// <summary>Cross-Origin-Resource-Policy, e.g. `same-site`. Default: none.</summary>
    public string? ResourcePolicy { get; init; }

    /// <summary>Whether fields that the upstream sent are replaced; otherwise its own stay. Default: false.</summary>
    public bool Override { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, value) in new[]
        {
            (nameof(Csp), Csp), (nameof(CspReportOnly), CspReportOnly), (nameof(Permissions), Permissions), (nameof(OpenerPolicy), OpenerPolicy),
            (nameof(EmbedderPolicy), EmbedderPolicy), (nameof(ResourcePolicy), ResourcePolicy),
        })
        {
            if (value is not null && (value.Length == 0 || value.Any(c => c is < ' ' or > '~')))
            {
                yield return new("must be visible ASCII on one line", [name]);
            }
        }

        if (NonceHeader.Length > 0 && !HeaderName.IsToken(System.Text.Encoding.UTF8.GetBytes(NonceHeader)))
        {
            yield return new($"'{NonceHeader}' is no header name", [nameof(NonceHeader)]);
        }
    }
}
