using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Tests.Transport;

/// <summary>Two connected sockets on loopback.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Near.Connect(listener.LocalEndPoint!);
        Far = listener.Accept();
        Far.NoDelay = true;
        Far.ReceiveTimeout = 10_000;
    }

    /// <summary>The side under test.</summary>
    public Socket Near { get; }

    /// <summary>The side the test plays.</summary>
    public Socket Far { get; }

    /// <summary>Closes the far side with a reset.</summary>
    public void ResetFar()
    {
        Far.LingerState = new LingerOption(true, 0);
        Far.Dispose();
    }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
