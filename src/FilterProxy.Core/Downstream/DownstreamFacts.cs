using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>What a connection's transport and TLS tell about the client, for its exchanges.</summary>
internal static class DownstreamFacts
{
    public static void Describe(DownstreamInfo info, ConnectionContext connection, ConnectionEntry entry) =>
        Describe(info, connection, entry, connection.RemoteEndPoint, connection.LocalEndPoint);

    /// <summary>As above, with the addresses as they were: a socket that is closed has none.</summary>
    public static void Describe(DownstreamInfo info, ConnectionContext connection, ConnectionEntry entry, EndPoint? remoteEnd, EndPoint? localEnd)
    {
        info.ConnectionId = connection.ConnectionId;
        info.ListenerName = entry.Plan.Name;
        if (remoteEnd is IPEndPoint remote)
        {
            info.RemoteAddress = Unmap(remote.Address);
            info.RemotePort = remote.Port;
            info.RemoteAddressText = Encoding.ASCII.GetBytes(info.RemoteAddress.ToString());
        }

        if (localEnd is IPEndPoint local)
        {
            info.LocalAddress = Unmap(local.Address);
            info.LocalPort = local.Port;
        }

        info.ClientAddress = info.RemoteAddress;
        info.ProxyProtocol = connection.Features.Get<ProxyProtocolHeader>();
        if (connection.Features.Get<ITlsHandshakeFeature>() is { } tls)
        {
            info.IsTls = true;
            info.ServerName = tls.HostName;
            info.TlsProtocol = tls.Protocol;
            info.TlsCipher = tls.NegotiatedCipherSuite;
            info.ClientCertificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
            info.LocalCertificateUri = (tls as TlsFacts)?.LocalUri;
        }
    }

    // A listener for both families sees IPv4 clients as ::ffff:1.2.3.4.
    private static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
