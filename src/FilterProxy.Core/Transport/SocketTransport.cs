using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>
/// Binds listening sockets and accepts, under Kestrel in place of its own socket transport, which asks for a connection again at once
/// when there is no descriptor for it. Everything Kestrel adds stays: TLS, HTTP/2 hand-off, shutdown.
/// </summary>
/// <param name="wrap">Makes a connection of an accepted socket.</param>
/// <param name="exhausted">Called when there was no descriptor for a new connection; it waits in the backlog meanwhile.</param>
internal sealed class SocketTransport(Func<Socket, ConnectionContext> wrap, Action? exhausted = null)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 1024;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint or UnixDomainSocketEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var unix = endpoint is UnixDomainSocketEndPoint;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (endpoint is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.Bind(endpoint);
            socket.Listen(Backlog);
            return new ValueTask<IConnectionListener>(new SocketListener(socket, unix, wrap, exhausted));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new AddressInUseException(e.Message, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
