using System.Net;
using System.Net.Sockets;
using Xunit;

namespace FilterProxy.ScenarioTests.Clusters;

/// <summary>A test that needs ::1.</summary>
internal sealed class IPv6FactAttribute : FactAttribute
{
    public IPv6FactAttribute() => Skip = HasLoopback() ? null : "the machine has no IPv6";

    private static bool HasLoopback()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
