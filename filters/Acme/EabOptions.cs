using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Acme;

/// <summary>Binds the ACME account to one the CA knows already (RFC 8555 section 7.3.4).</summary>
public sealed record EabOptions : IValidatableObject
{
    /// <summary>The key identifier the CA gave out.</summary>
    public required string Kid { get; init; }

    /// <summary>The MAC key the CA gave out, in base64url. A secret: write <c>${file:/run/secrets/eab}</c>.</summary>
    [Secret]
    public required string HmacKey { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kid.Length == 0)
        {
            yield return new ValidationResult("kid must not be empty", [nameof(Kid)]);
        }

        if (!Client.Base64.TryDecode(HmacKey, out var key) || key.Length == 0)
        {
            // Without the value: it is a secret.
            yield return new ValidationResult("hmac_key must be base64url", [nameof(HmacKey)]);
        }
    }

    /// <summary>Without the key.</summary>
    public override string ToString() => $"EabOptions {{ Kid = {Kid} }}";
}
