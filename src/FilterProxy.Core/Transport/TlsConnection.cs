using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace FilterProxy.Core.Transport;

/// <summary>A connection to an upstream over TLS: pipes over an <see cref="SslStream"/>.</summary>
internal static class TlsConnection
{
    /// <summary>Does the handshake and takes over the socket, which is closed when it fails.</summary>
    public static async ValueTask<ConnectionContext> OpenAsync(Socket socket, UpstreamPeer peer, CancellationToken cancel)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsClientAsync(Options(peer), cancel);
            if (peer.Protocol == UpstreamProtocol.Http2 && stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
            {
                throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "http2_not_negotiated"));
            }

            var connection = new StreamConnection(stream, socket.LocalEndPoint, socket.RemoteEndPoint);
            connection.Features.Set<IConnectionSocketFeature>(new OwnedSocket(socket));
            connection.Features.Set<ITlsApplicationProtocolFeature>(new NegotiatedProtocol(stream.NegotiatedApplicationProtocol.Protocol));
            return connection;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Options(UpstreamPeer peer)
    {
        var tls = peer.Tls!;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = peer.ServerName ?? HostOf(peer.Endpoint.Address),
            ApplicationProtocols = peer.Protocol switch
            {
                UpstreamProtocol.Http2 => [SslApplicationProtocol.Http2],
                UpstreamProtocol.Auto => [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                UpstreamProtocol.Bytes => null,
                _ => [SslApplicationProtocol.Http11],
            },
            ClientCertificateContext = tls.ClientCertificate,
            EnabledSslProtocols = tls.Versions,
        };
        if (tls.Insecure)
        {
#pragma warning disable CA5359 // Spelled out by the operator as `insecure: true`, for development.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.Trust is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(tls.Trust);
        }

        return options;
    }

    private static string HostOf(EndPoint address) => address switch
    {
        DnsEndPoint name => name.Host,
        IPEndPoint ip => ip.Address.ToString(),
        _ => "localhost",
    };

    private sealed record OwnedSocket(Socket Socket) : IConnectionSocketFeature;

    private sealed record NegotiatedProtocol(ReadOnlyMemory<byte> ApplicationProtocol) : ITlsApplicationProtocolFeature;
}
