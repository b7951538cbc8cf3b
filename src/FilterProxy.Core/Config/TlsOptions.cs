using System.ComponentModel.DataAnnotations;
using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>Options of <c>tls</c>, the entry of a listener's filter list where cipher text becomes plain text.</summary>
internal sealed record TlsOptions : IValidatableObject
{
    /// <summary>Certificate sources, asked in order: <c>- file: { cert: site.pem, key: site.key }</c>.</summary>
    [ComponentKind(typeof(ICertificateSource))]
    public required IReadOnlyList<ComponentConfig> Certificates { get; init; }

    /// <summary>
    /// What a client gets that asks for a name no source knows: <c>default</c> (the certificate that is the default, if there is one) or
    /// <c>reject</c>. Default: default.
    /// </summary>
    public UnknownServerName UnknownServerName { get; init; }

    /// <summary>The lowest version spoken: <c>tls12</c> or <c>tls13</c>. Default: tls12.</summary>
    public TlsVersion MinVersion { get; init; } = TlsVersion.Tls12;

    /// <summary>The highest version spoken: <c>tls12</c> or <c>tls13</c>. Default: tls13.</summary>
    public TlsVersion MaxVersion { get; init; } = TlsVersion.Tls13;

    /// <summary>
    /// The cipher suites allowed, by the names of the IANA registry, the preferred first. With it sessions are not resumed. Default: the
    /// platform's.
    /// </summary>
    public IReadOnlyList<string> CipherSuites { get; init; } = [];

    /// <summary>Gives clients session tickets, by which they come back without a full handshake. Default: true.</summary>
    public bool SessionTickets { get; init; } = true;

    /// <summary>Duration of a handshake; over it the connection is closed. Default: 10s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Handshakes under way at a time on the listener, counted from a whole ClientHello on; further connections are closed. 0 is no limit.
    /// Default: 1000.
    /// </summary>
    [Range(0, int.MaxValue, ErrorMessage = "must be 0 or more")]
    public int MaxHandshakes { get; init; } = 1000;

    /// <summary>
    /// The application protocols clients may choose by ALPN, the preferred first, such as <c>postgresql</c> for what a connection filter
    /// relays. Default: what the listener speaks; with <c>protocols: []</c> none is agreed on, whatever clients offer.
    /// </summary>
    public IReadOnlyList<string> ApplicationProtocols { get; init; } = [];

    /// <summary>Whether clients are asked for a certificate. Default: they are not.</summary>
    public ClientCertificatesConfig? ClientCertificates { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MinVersion > MaxVersion)
        {
            yield return new ValidationResult("min_version is higher than max_version", [nameof(MinVersion)]);
        }

        if (ApplicationProtocols.Any(p => p.Length is 0 or > 255 || p.Any(c => c is < '!' or > '~')))
        {
            yield return new ValidationResult("application_protocols are names of 1 to 255 characters of ASCII, such as 'postgresql'", [nameof(ApplicationProtocols)]);
        }
    }
}
