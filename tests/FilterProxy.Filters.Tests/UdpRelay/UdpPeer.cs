using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Tests.UdpRelay;

/// <summary>One end of datagrams, in the test's hand.</summary>
internal sealed class UdpPeer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20, SendBufferSize = 1 << 20 };

    public UdpPeer(int port = 0, string address = "127.0.0.1") => _socket.Bind(new IPEndPoint(IPAddress.Parse(address), port));

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public bool HasMore => _socket.Available > 0;

    public async Task SendAsync(int port, byte[] bytes) => await _socket.SendToAsync(bytes, new IPEndPoint(IPAddress.Loopback, port));

    public async Task<(byte[] Bytes, IPEndPoint From)> ReceiveAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(20));
        var buffer = new byte[65_535];
        var result = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), limit.Token);
        return (buffer[..result.ReceivedBytes], (IPEndPoint)result.RemoteEndPoint);
    }

    public void Dispose() => _socket.Dispose();
}
