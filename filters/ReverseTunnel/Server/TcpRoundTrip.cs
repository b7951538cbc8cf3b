using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FilterProxy.Filters.ReverseTunnel.Server;

/// <summary>The round-trip time of a TCP connection as the kernel has measured it.</summary>
internal static class TcpRoundTrip
{
    // TCP_INFO of tcp(7); tcpi_rtt is 68 bytes into struct tcp_info, in microseconds.
    private const int LevelTcp = 6, TcpInfo = 11, Offset = 68;

    /// <summary>Null where the kernel is another than Linux, or the socket no TCP one, or closed.</summary>
    public static TimeSpan? Of(Socket? socket)
    {
        if (socket is not { ProtocolType: ProtocolType.Tcp } || !OperatingSystem.IsLinux())
        {
            return null;
        }

        Span<byte> info = stackalloc byte[Offset + sizeof(uint)];
        try
        {
            return socket.GetRawSocketOption(LevelTcp, TcpInfo, info) == info.Length
                ? TimeSpan.FromMicroseconds(MemoryMarshal.Read<uint>(info[Offset..]))
                : null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
