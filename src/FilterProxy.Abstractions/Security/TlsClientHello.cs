using System.Net.Security;

namespace FilterProxy;

/// <summary>What a client's TLS ClientHello says, as far as a certificate is chosen by it.</summary>
/// <param name="serverName">See <see cref="ServerName"/>.</param>
/// <param name="applicationProtocols">See <see cref="ApplicationProtocols"/>.</param>
public sealed class TlsClientHello(string serverName, IReadOnlyList<SslApplicationProtocol> applicationProtocols)
{
    /// <summary>The name the client asks for (SNI), as sent; empty when it sent none.</summary>
    public string ServerName { get; } = serverName;

    /// <summary>The application protocols it offers (ALPN), in its order; empty when it offers none.</summary>
    public IReadOnlyList<SslApplicationProtocol> ApplicationProtocols { get; } = applicationProtocols;
}
