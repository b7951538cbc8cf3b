using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>A client's connection to the port of a service.</summary>
internal sealed class ClientConnection : ByteConnection
{
    private readonly Socket _socket;

    public ClientConnection(Socket socket)
        : this(socket, new NetworkStream(socket, ownsSocket: false))
    {
    }

    private ClientConnection(Socket socket, NetworkStream stream)
        : base(stream, stream)
    {
        _socket = socket;
        socket.NoDelay = true;
        RemoteEndPoint = socket.RemoteEndPoint;
        LocalEndPoint = socket.LocalEndPoint;
    }

    /// <summary>The client's address; null where its socket has gone already.</summary>
    public IPEndPoint? Client => RemoteEndPoint as IPEndPoint;

    public override void Abort(ConnectionAbortedException abortReason)
    {
        try
        {
            // A reset: what was not sent must not look like an end.
            _socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }

        base.Abort(abortReason);
    }

    protected override void EndSending()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client has left.
        }
    }

    protected override void OnClose() => _socket.Dispose();
}
