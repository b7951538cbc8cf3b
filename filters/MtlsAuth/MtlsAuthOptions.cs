using System.ComponentModel.DataAnnotations;
using System.Text;

namespace FilterProxy.Filters.MtlsAuth;

/// <summary>Options of <see cref="MtlsAuthFilter"/>.</summary>
public sealed record MtlsAuthOptions : IValidatableObject
{
    /// <summary>Who may come; the first that fits a certificate is who it is. Default: whoever has a certificate the listener took.</summary>
    public IReadOnlyList<MtlsIdentityOptions> Identities { get; init; } = [];

    /// <summary>Whether requests without a certificate pass, as nobody. Default: false.</summary>
    public bool Optional { get; init; }

    /// <summary>Request header that tells the upstream who it is; empty tells nothing. What clients send there is taken away. Default: x-client-identity.</summary>
    public string IdentityHeader { get; init; } = "x-client-identity";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IdentityHeader.Length > 0 && !HeaderName.IsToken(Encoding.UTF8.GetBytes(IdentityHeader)))
        {
            yield return new($"'{IdentityHeader}' is no header name", [nameof(IdentityHeader)]);
        }
    }
}
