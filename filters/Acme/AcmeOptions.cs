using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Acme;

/// <summary>Options of <see cref="AcmeCertificates"/>: one certificate and the CA it comes from.</summary>
public sealed record AcmeOptions : IValidatableObject
{
    private const int MostNames = 100;

    /// <summary>The names of the certificate; <c>*.example.com</c> is exactly one label and needs dns-01.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>The CA's directory. Try its staging directory first: limits on certificates and failures are strict.</summary>
    public Uri Directory { get; init; } = new("https://acme-v02.api.letsencrypt.org/directory");

    /// <summary>You agree to the CA's terms of service. It must be said: nobody else can.</summary>
    public bool TermsOfServiceAgreed { get; init; }

    /// <summary>Where the CA may write to, e.g. <c>mailto:admin@example.com</c>.</summary>
    public IReadOnlyList<string> Contact { get; init; } = [];

    /// <summary>How names are proved. http-01 needs <c>acme_challenge</c> in <c>http.filters</c> and port 80, tls-alpn-01 port 443.</summary>
    public ChallengeType Challenge { get; init; } = ChallengeType.Http01;

    /// <summary>The program for dns-01; null for none.</summary>
    public DnsOptions? Dns { get; init; }

    /// <summary>The folder of account keys and certificates, relative to the configuration file. Made when it is not there.</summary>
    [Required(ErrorMessage = "store must not be empty")]
    public string Store { get; init; } = "acme";

    /// <summary>The kind of private key; each certificate gets a new one.</summary>
    public CertificateKey Key { get; init; } = CertificateKey.P256;

    /// <summary>Binds the account to one the CA knows; null for CAs that do not ask for it.</summary>
    public EabOptions? Eab { get; init; }

    /// <summary>PEM file of certificates that may sign the directory's own, instead of the system's trust; null for that.</summary>
    public string? Ca { get; init; }

    /// <summary>Of several chains, take the one with an issuer of this common name; null for the CA's first.</summary>
    public string? PreferredChain { get; init; }

    /// <summary>Also used for every other name, and for clients that send none.</summary>
    public bool Default { get; init; }

    /// <summary>Until the first certificate is there, show a self-signed one; false lets another source answer, or refuses the handshake.</summary>
    public bool Placeholder { get; init; }

    /// <summary>The pause after a failure, doubled with each further one, up to 6h; a fifth of it where the CA could not be reached.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Names.Count is 0 or > MostNames)
        {
            yield return new ValidationResult($"names must be 1 to {MostNames} names", [nameof(Names)]);
        }

        foreach (var name in Names)
        {
            if (DomainName.WhatIsWrongWith(name) is { } problem)
            {
                yield return new ValidationResult($"'{name}' {problem}", [nameof(Names)]);
            }
            else if (DomainName.IsWildcard(name) && Challenge != ChallengeType.Dns01)
            {
                yield return new ValidationResult($"'{name}' needs challenge: dns-01 (RFC 8555 section 7.1.3)", [nameof(Names)]);
            }
        }

        if (Names.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Names.Count)
        {
            yield return new ValidationResult("names has a name twice", [nameof(Names)]);
        }

        if (!TermsOfServiceAgreed)
        {
            yield return new ValidationResult("terms_of_service_agreed must be true: read the CA's terms first", [nameof(TermsOfServiceAgreed)]);
        }

        if (Directory.Scheme != Uri.UriSchemeHttps)
        {
            yield return new ValidationResult("directory must be an https URL (RFC 8555 section 6.1)", [nameof(Directory)]);
        }

        if (Contact.FirstOrDefault(c => !c.Contains(':', StringComparison.Ordinal)) is { } contact)
        {
            yield return new ValidationResult($"'{contact}' is no URL (did you mean 'mailto:{contact}'?)", [nameof(Contact)]);
        }

        if (Challenge == ChallengeType.Dns01 && Dns is null)
        {
            yield return new ValidationResult("challenge: dns-01 needs dns: { command: [program] }", [nameof(Dns)]);
        }

        if (Backoff < TimeSpan.FromMilliseconds(10) || Backoff > TimeSpan.FromHours(6))
        {
            yield return new ValidationResult("backoff must be between 10ms and 6h", [nameof(Backoff)]);
        }
    }
}
