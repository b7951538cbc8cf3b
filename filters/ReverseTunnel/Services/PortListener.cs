using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Listens at the port of a service, and relays who comes to an agent of it.</summary>
internal sealed class PortListener : IDisposable
{
    private readonly Socket _socket;
    private readonly ServiceClaim _claim;
    private readonly ServiceRelay _relay;

    private PortListener(Socket socket, ServiceClaim claim, ServiceRelay relay) => (_socket, _claim, _relay) = (socket, claim, relay);

    /// <summary>Begins to listen; null where the port cannot be had.</summary>
    public static PortListener? TryOpen(IPAddress address, int port, ServiceClaim claim, ServiceRelay relay)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(512);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }

        var listener = new PortListener(socket, claim, relay);
        _ = Task.Run(listener.AcceptAsync);
        return listener;
    }

    /// <summary>Stops to listen. Who is being relayed goes on.</summary>
    public void Dispose() => _socket.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _socket.AcceptAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.NotSocket or SocketError.Interrupted })
            {
                return;
            }
            catch (SocketException)
            {
                // No descriptor is free, or the client has left: others may come.
                await Task.Delay(TimeSpan.FromMilliseconds(20));
                continue;
            }

            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        await using var connection = new ClientConnection(client);
        await _relay.RelayAsync(connection, _claim);
    }
}
