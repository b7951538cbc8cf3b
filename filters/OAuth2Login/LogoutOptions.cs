using System.ComponentModel.DataAnnotations;
using FilterProxy.Filters.OAuth2Login.Login;

namespace FilterProxy.Filters.OAuth2Login;

/// <summary>What logging out does besides ending the session.</summary>
public sealed record LogoutOptions : IValidatableObject
{
    /// <summary>Path one comes to afterwards; the provider must know its absolute form as a post-logout address. Default: /.</summary>
    public string ReturnTo { get; init; } = "/";

    /// <summary>Whether the provider's session ends too, where it can (RP-initiated logout). Default: true.</summary>
    public bool Provider { get; init; } = true;

    /// <summary>Whether the refresh token is revoked, where the provider can (RFC 7009). Default: true.</summary>
    public bool Revoke { get; init; } = true;

    /// <summary>Whether all sessions of the user end, not this browser's alone. Default: false.</summary>
    public bool Everywhere { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!ReturnAddress.IsLocal(ReturnTo))
        {
            yield return new($"'{ReturnTo}' is no path of this site", [nameof(ReturnTo)]);
        }
    }
}
