namespace FilterProxy.Core.Config;

/// <summary>TLS to a cluster's endpoints.</summary>
internal sealed record UpstreamTlsConfig
{
    /// <summary>The name sent (SNI) and verified. Default: the endpoint's host name.</summary>
    public string? ServerName { get; init; }

    /// <summary>Duration of the TLS handshake, within connect_timeout; over it another endpoint is tried, else 504. Default: 5s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Accepts any certificate. Only for development. Default: false.</summary>
    public bool Insecure { get; init; }

    /// <summary>PEM file of certificates that may sign the endpoints', relative to this file. Default: the system's.</summary>
    public string? Ca { get; init; }

    /// <summary>Shown to endpoints that ask for a certificate. Default: none.</summary>
    public ClientCertificateConfig? ClientCertificate { get; init; }

    /// <summary>The oldest version of TLS to speak: <c>tls12</c> or <c>tls13</c>. Default: the oldest the system allows.</summary>
    public UpstreamTlsVersion? MinVersion { get; init; }
}
