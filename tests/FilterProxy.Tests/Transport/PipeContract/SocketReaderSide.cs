using System.IO.Pipelines;
using System.Net.Sockets;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Transport.Epoll;

namespace FilterProxy.Tests.Transport.PipeContract;

/// <summary>The reader of the direct transport, with a socket at the other end.</summary>
internal sealed class SocketReaderSide : ReaderSide
{
    private readonly SocketPair _pair = new();
    private readonly SocketConnection _connection;

    /// <param name="onLoop">Whether one of the engine's event loops waits for the socket, or the runtime.</param>
    public SocketReaderSide(bool onLoop) => _connection = new SocketConnection(_pair.Near, onLoop ? EpollLoop.Next() : null);

    public override PipeReader Reader => Direct;

    public DirectReader Direct => _connection.Input;

    public Socket Near => _pair.Near;

    public Socket Far => _pair.Far;

    public override Task SendAsync(byte[] bytes) => Task.Run(() => _pair.Far.Send(bytes));

    public override void Pump() => Direct.Prefetch();

    public override void End() => _pair.Far.Shutdown(SocketShutdown.Send);

    public override void Fail() => _pair.ResetFar();

    /// <summary>Closes the near end.</summary>
    public void Close() => _connection.Abort();

    public override void Dispose()
    {
        Close();
        _pair.Dispose();
        Direct.Dispose();
    }
}
