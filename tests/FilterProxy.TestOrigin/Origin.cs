using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.TestOrigin;

/// <summary>Answers every request with its name: at once, late, or by resetting the connection.</summary>
internal sealed class Origin(int port, string name)
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private volatile int _delay;
    private volatile bool _resets;

    public void Start()
    {
        _listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public void Behave(string order)
    {
        var words = order.Split(' ');
        _delay = words[0] == "slow" ? int.Parse(words[1]) : 0;
        _resets = words[0] == "reset";
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptAsync());
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = socket;
        socket.NoDelay = true;
        var buffer = new byte[16 * 1024];
        var length = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(length)) is > 0 and var received)
            {
                length += received;
                if (!Encoding.Latin1.GetString(buffer, 0, length).EndsWith("\r\n\r\n", StringComparison.Ordinal))
                {
                    continue;
                }

                length = 0;
                if (_resets)
                {
                    socket.LingerState = new LingerOption(true, 0);
                    return;
                }

                await Task.Delay(_delay);
                await socket.SendAsync(Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\n\r\n{name}"));
            }
        }
        catch (SocketException)
        {
            // The client is gone.
        }
    }
}
