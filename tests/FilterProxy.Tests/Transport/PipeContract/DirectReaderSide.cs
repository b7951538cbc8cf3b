using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The reader of the direct transport, with a socket at the other end.</summary>
internal sealed class DirectReaderSide : ReaderSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnection _connection;

    public DirectReaderSide(EpollLoop? loop) => _connection = new SocketConnection(_pair.Near, loop);

    public override PipeReader Reader => _connection.Input;

    public DirectReader Direct => _connection.Input;

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task SendAsync(byte[] bytes) => Task.Run(() => _pair.Far.Send(bytes));

    public override void Pump() => _connection.Input.Prefetch();

    public override void End() => _pair.Far.Shutdown(SocketShutdown.Send);

    public override void Fail() => _pair.ResetFar();

    public void Abort() => _connection.Abort();

    public override void Dispose()
    {
        _connection.Abort();
        _connection.Input.Dispose();
        _pair.Dispose();
    }
}
