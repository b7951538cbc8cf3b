using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>A TCP service in the test's hand: each accepted connection is a socket.</summary>
internal sealed class StreamUpstream : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public StreamUpstream()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public async Task<Socket> AcceptAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _listener.AcceptAsync(limit.Token);
    }

    /// <summary>Whether somebody waits to be accepted.</summary>
    public bool HasPending() => _listener.Poll(0, SelectMode.SelectRead);

    /// <summary>Accepts what an action brings about.</summary>
    public async Task<Socket> AcceptAfterAsync(Func<Task> action)
    {
        await action();
        return await AcceptAsync();
    }

    /// <summary>Connects without a wait in between, in which a reset by a proxy that refuses would be taken for a failed connect.</summary>
    public static Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        return Task.FromResult(socket);
    }

    public void Dispose() => _listener.Dispose();
}
