using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Core.Config;

/// <summary>Whether clients show certificates, and which hold.</summary>
internal sealed record ClientCertificatesConfig : IValidatableObject
{
    /// <summary>
    /// <c>none</c>, <c>optional</c> (one that is shown must hold) or <c>required</c> (the handshake fails without). Default: required.
    /// </summary>
    public ClientCertificateMode Mode { get; init; } = ClientCertificateMode.Required;

    /// <summary>
    /// PEM files of the authorities that sign them, relative to this file; no other is trusted, the system's neither. Those that are not
    /// self-signed are intermediates.
    /// </summary>
    public IReadOnlyList<string> Ca { get; init; } = [];

    /// <summary>
    /// Files of revocation lists, PEM or DER. With any, every certificate of a chain must be covered by a list of its authority that is
    /// not out of date. Default: nothing is revoked.
    /// </summary>
    public IReadOnlyList<string> Crl { get; init; } = [];

    /// <summary>Certificates between the client's and the authority's at the most. Default: 3.</summary>
    [Range(0, 100, ErrorMessage = "must be 0 to 100")]
    public int VerifyDepth { get; init; } = 3;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Mode != ClientCertificateMode.None && Ca.Count == 0)
        {
            yield return new ValidationResult("client certificates need the authorities that sign them: ca: clients-ca.pem", [nameof(Ca)]);
        }
    }
}
