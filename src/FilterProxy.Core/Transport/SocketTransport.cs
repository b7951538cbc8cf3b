using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Binds listening sockets; what becomes of an accepted one is the derived class's choice.</summary>
internal abstract class SocketTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 1024;

    /// <summary>Called when there was no descriptor for a new connection; it waits in the backlog meanwhile.</summary>
    public Action? Exhausted { get; init; }

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
            return new ValueTask<IConnectionListener>(new SocketListener(socket, unix, Wrap, Exhausted));
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

    /// <summary>Makes a connection of an accepted socket.</summary>
    protected abstract ConnectionContext Wrap(Socket socket);
}
