using System.Net;
using System.Net.Sockets;

namespace FilterProxy.ScenarioTests;

/// <summary>An origin that allocates nothing per request: a thread per connection and one fixed response.</summary>
internal sealed class QuietUpstream : IDisposable
{
    private static readonly byte[] Response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello, world"u8.ToArray();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _requestEnd;

    /// <param name="requestEnd">How every request ends.</param>
    public QuietUpstream(byte[] requestEnd)
    {
        _requestEnd = requestEnd;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(64);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        new Thread(Accept) { IsBackground = true }.Start();
    }

    /// <summary>How every response ends.</summary>
    public static ReadOnlySpan<byte> ResponseEnd => "hello, world"u8;

    public int Port { get; }

    public void Dispose() => _listener.Dispose();

    private void Accept()
    {
        try
        {
            while (true)
            {
                var connection = _listener.Accept();
                connection.NoDelay = true;
                new Thread(() => Serve(connection)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(Socket connection)
    {
        using var owned = connection;
        var buffer = new byte[16 * 1024];
        var received = 0;
        try
        {
            while (connection.Receive(buffer.AsSpan(received), SocketFlags.None) is > 0 and var read)
            {
                received += read;
                if (buffer.AsSpan(0, received).EndsWith(_requestEnd))
                {
                    received = 0;
                    connection.Send(Response.AsSpan(), SocketFlags.None);
                }
            }
        }
        catch (SocketException)
        {
            // The proxy is gone.
        }
    }
}
