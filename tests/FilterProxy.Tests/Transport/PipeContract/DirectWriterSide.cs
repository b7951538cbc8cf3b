using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The writer of the direct transport, with a socket at the other end.</summary>
internal sealed class DirectWriterSide : WriterSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnection _connection;

    public DirectWriterSide(EpollLoop? loop) => _connection = new SocketConnection(_pair.Near, loop);

    public override PipeWriter Writer => _connection.Output;

    public DirectWriter Direct => _connection.Output;

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task<byte[]> ReceiveAsync(int count) => FarSocket.ReceiveAsync(_pair.Far, count);

    public override Task<(byte[] Bytes, bool Orderly)> ReceiveToEndAsync() => FarSocket.ReceiveToEndAsync(_pair.Far);

    public override void Leave() => _pair.ResetFar();

    public void Abort() => _connection.Abort();

    public override void Dispose()
    {
        _connection.Abort();
        _connection.Output.Dispose();
        _pair.Dispose();
    }
}
