using FilterProxy.Core.Config.Schema;

namespace FilterProxy.Core.Config;

/// <summary>Options of <c>tls</c>, the entry of a listener's filter list where cipher text becomes plain text.</summary>
internal sealed record TlsOptions
{
    /// <summary>Certificate sources, asked in order: <c>- file: { cert: site.pem, key: site.key }</c>.</summary>
    [ComponentKind(typeof(ICertificateSource))]
    public required IReadOnlyList<ComponentConfig> Certificates { get; init; }

    /// <summary>Duration of a handshake; over it the connection is closed. Default: 10s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
