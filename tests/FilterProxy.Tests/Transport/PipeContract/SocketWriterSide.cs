using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The writer of the direct transport, with a socket at the other end.</summary>
internal sealed class SocketWriterSide : WriterSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnection _connection;

    /// <param name="onLoop">Whether one of the engine's event loops waits for the socket, or the runtime.</param>
    public SocketWriterSide(bool onLoop) => _connection = new SocketConnection(_pair.Near, onLoop ? EpollLoop.Next() : null);

    public override PipeWriter Writer => Direct;

    public DirectWriter Direct => _connection.Output;

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task<byte[]> ReceiveAsync(int count) => FarSocket.ReceiveAsync(_pair.Far, count);

    public override Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync() => FarSocket.ReceiveToEndAsync(_pair.Far);

    public override void Leave() => _pair.ResetFar();

    /// <summary>Closes the near end.</summary>
    public void Close() => _connection.Abort();

    public override void Dispose()
    {
        Close();
        _pair.Dispose();
        Direct.Dispose();
    }
}
