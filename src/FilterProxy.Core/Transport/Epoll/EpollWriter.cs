using System.Net.Sockets;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>Sends at once; when the socket is full, goes on when an event loop says that there is room.</summary>
internal sealed class EpollWriter : DirectWriter, ISocketWaiter
{
    private readonly EpollSocket _socket;

    public EpollWriter(EpollSocket socket, Socket owner)
        : base(owner)
    {
        _socket = socket;
        socket.Writer = this;
    }

    void ISocketWaiter.OnReady() => OnRoom(0, SocketError.Success);

    protected override bool TryQueue() => _socket.Loop.TryQueue(this);

    protected override int? TrySend(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> behind, out SocketError error)
    {
        error = SocketError.Success;
        while (true)
        {
            int sent;
            try
            {
                sent = behind.IsEmpty
                    ? LinuxSockets.Send(_socket.Handle, bytes.Span)
                    : LinuxSockets.Send(_socket.Handle, bytes.Span, behind.Span);
            }
            catch (ObjectDisposedException)
            {
                error = SocketError.OperationAborted;
                return 0;
            }

            if (sent >= 0)
            {
                return sent;
            }

            if (sent != -LinuxSockets.Again)
            {
                error = LinuxSockets.ErrorOf(-sent);
                return 0;
            }

            if (!_socket.TryWrite())
            {
                return null;
            }
        }
    }
}
