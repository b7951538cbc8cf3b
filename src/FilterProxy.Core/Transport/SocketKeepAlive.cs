using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Transport;

/// <summary>Has the kernel ask whether the other machine is still there.</summary>
internal static class SocketKeepAlive
{
    /// <param name="connection">Of TCP, or left alone.</param>
    /// <param name="after">Without a byte for this long; zero for never.</param>
    public static void Set(ConnectionContext connection, TimeSpan after)
    {
        if (after <= TimeSpan.Zero || ConnectionSocket.Of(connection) is not { ProtocolType: ProtocolType.Tcp } socket)
        {
            return;
        }

        try
        {
            var seconds = (int)Math.Clamp(after.TotalSeconds, 1, 32_767);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, seconds / 3));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has just closed: whoever reads it finds out.
        }
    }
}
