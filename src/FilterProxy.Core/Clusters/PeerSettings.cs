namespace FilterProxy.Core.Clusters;

/// <summary>What a cluster's configuration says about all its peers.</summary>
/// <param name="HostHeader">The Host sent upstream; null to pass the client's on.</param>
/// <param name="ServerName">The TLS server name; null for the endpoint's host.</param>
/// <param name="Tls">TLS to the endpoints; null for plain text.</param>
/// <param name="Protocol">What is spoken to them.</param>
internal sealed record PeerSettings(
    string? HostHeader = null, string? ServerName = null, TlsPolicy? Tls = null, UpstreamProtocol Protocol = UpstreamProtocol.Http1)
{
    public UpstreamPeer Apply(UpstreamPeer peer) =>
        peer with { HostHeader = HostHeader, ServerName = ServerName, Tls = Tls, Protocol = Protocol };
}
