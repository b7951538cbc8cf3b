using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests;

/// <summary>A keep-alive client that allocates nothing per request: what is allocated meanwhile is the proxy's.</summary>
internal sealed class QuietClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 10_000 };
    private readonly byte[] _buffer;
    private readonly byte[] _request;
    private readonly byte[] _responseEnd;

    /// <param name="port">Of the proxy.</param>
    /// <param name="request">Sent again and again.</param>
    /// <param name="buffer">Bytes a response may have.</param>
    /// <param name="responseEnd">How every response ends; null for <see cref="QuietUpstream.ResponseEnd"/>.</param>
    public QuietClient(int port, byte[] request, int buffer = 16 * 1024, byte[]? responseEnd = null)
    {
        _buffer = new byte[buffer];
        _responseEnd = responseEnd ?? QuietUpstream.ResponseEnd.ToArray();
        _request = request;
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>Sends the request and reads to the response's end, that many times.</summary>
    public void Run(int count)
    {
        for (var i = 0; i < count; i++)
        {
            _socket.Send(_request.AsSpan(), SocketFlags.None);
            var received = 0;
            do
            {
                var read = _socket.Receive(_buffer.AsSpan(received), SocketFlags.None);
                received += read > 0 ? read : throw new IOException("The proxy closed the connection.");
            }
            while (!_buffer.AsSpan(0, received).EndsWith(_responseEnd));
        }
    }

    public void Dispose() => _socket.Dispose();
}
