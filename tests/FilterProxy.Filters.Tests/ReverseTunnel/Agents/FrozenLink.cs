using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Agents;

/// <summary>A way to a server that hears all it carries, and can stop to carry anything, without anybody being told.</summary>
internal sealed class FrozenLink : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Socket> _sockets = [];
    private readonly MemoryStream _heard = new();
    private volatile bool _isFrozen;

    /// <summary>Changes bytes on their way, as they come; null where they stay as they are.</summary>
    public Action<Memory<byte>>? Meddle { get; init; }

    /// <summary>All bytes so far, of both directions.</summary>
    public byte[] Heard
    {
        get
        {
            lock (_heard)
            {
                return _heard.ToArray();
            }
        }
    }

    /// <summary>Begins to carry connections to a port.</summary>
    /// <returns>Its own port.</returns>
    public int Start(int port)
    {
        _listener.Start();
        _ = AcceptAsync(port);
        return ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public void Freeze() => _isFrozen = true;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task AcceptAsync(int port)
    {
        try
        {
            while (true)
            {
                var agent = await _listener.AcceptSocketAsync(_stop.Token);
                var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(IPAddress.Loopback, port, _stop.Token);
                lock (_sockets)
                {
                    _sockets.AddRange([agent, server]);
                }

                _ = CopyAsync(agent, server);
                _ = CopyAsync(server, agent);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
            {
                lock (_heard)
                {
                    _heard.Write(buffer, 0, count);
                }

                Meddle?.Invoke(buffer.AsMemory(0, count));
                if (!_isFrozen)
                {
                    await to.SendAsync(buffer.AsMemory(0, count), _stop.Token);
                }
            }

            if (!_isFrozen)
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Either side has left.
        }
    }
}
