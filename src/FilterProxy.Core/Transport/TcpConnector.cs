using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Connects to IP addresses, names and unix sockets; adds TLS where the peer asks for it.</summary>
internal sealed class TcpConnector(NameResolver resolver) : IConnector
{
    public async ValueTask<ConnectionContext> ConnectAsync(UpstreamPeer peer, ConnectContext context, CancellationToken cancel)
    {
        try
        {
            var socket = await ConnectSocketAsync(peer.Endpoint.Address, cancel);
            return peer.Tls is null ? new SocketConnection(socket) : await TlsConnection.OpenAsync(socket, peer, cancel);
        }
        catch (OperationCanceledException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, "connect_timeout", e));
        }
        catch (SocketException e)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, Describe(e.SocketErrorCode), e));
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            throw new UpstreamException(ProxyError.Upstream(ProxyErrorKind.ConnectFailed, retryable: true, "tls_failed", e));
        }
    }

    private async ValueTask<Socket> ConnectSocketAsync(EndPoint address, CancellationToken cancel)
    {
        if (address is not DnsEndPoint name)
        {
            return await ConnectOneAsync(address, cancel);
        }

        // In the resolver's order, as RFC 6724 sorted it; the next address is tried when one does not answer.
        SocketException? last = null;
        foreach (var ip in await resolver.ResolveAsync(name.Host, cancel))
        {
            try
            {
                return await ConnectOneAsync(new IPEndPoint(ip, name.Port), cancel);
            }
            catch (SocketException e)
            {
                last = e;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async ValueTask<Socket> ConnectOneAsync(EndPoint address, CancellationToken cancel)
    {
        var unix = address is UnixDomainSocketEndPoint;
        var socket = new Socket(address.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (!unix)
            {
                socket.NoDelay = true;
            }

            await socket.ConnectAsync(address, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Describe(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "connection_refused",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "name_not_resolved",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "unreachable",
        SocketError.TimedOut => "connect_timeout",
        SocketError.TooManyOpenSockets => "too_many_open_files",
        SocketError.AddressNotAvailable => "no_free_port",
        _ => "connect_failed",
    };
}
