using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Breaks a connection off so that its peer sees a reset, never an orderly end.</summary>
internal static class ConnectionReset
{
    public static void Abort(ConnectionContext connection)
    {
        try
        {
            if (ConnectionSocket.Of(connection) is { ProtocolType: ProtocolType.Tcp } socket)
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }

        connection.Abort();
    }
}
