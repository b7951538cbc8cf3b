using System.Net.Sockets;

namespace FilterProxy.Core.Transport.Epoll;

/// <summary>Reads when an event loop says that there is something; until then it needs no buffer.</summary>
internal sealed class EpollReader : DirectReader, ISocketWaiter
{
    private readonly EpollSocket _socket;

    public EpollReader(EpollSocket socket)
    {
        _socket = socket;
        socket.Reader = this;
    }

    void ISocketWaiter.Prepare() => ReceiveAhead();

    void ISocketWaiter.OnReady() => OnArrived();

    protected override Arrival Look()
    {
        try
        {
            Span<byte> one = stackalloc byte[1];
            return LinuxSockets.Peek(_socket.Handle, one) switch
            {
                > 0 => Arrival.Bytes,
                -LinuxSockets.Again => Arrival.Nothing,
                _ => Arrival.End,
            };
        }
        catch (ObjectDisposedException)
        {
            return Arrival.End;
        }
    }

    protected override bool Start()
    {
        ReleaseEmptyBuffer();
        return _socket.TryRead();
    }

    protected override bool Finish(out int received, out SocketError error)
    {
        var space = Space().Span;
        try
        {
            received = LinuxSockets.Receive(_socket.Handle, space);
        }
        catch (ObjectDisposedException)
        {
            received = 0;
            error = SocketError.OperationAborted;
            return true;
        }

        if (received < 0)
        {
            error = received == -LinuxSockets.Again ? SocketError.Success : LinuxSockets.ErrorOf(-received);
            received = 0;
            return error != SocketError.Success;
        }

        // A receive that did not fill the buffer took all there was: the next arrival will be told (epoll(7)). The end is no arrival.
        if (received == space.Length || _socket.IsOver)
        {
            _socket.MayReadMore();
        }

        error = SocketError.Success;
        return true;
    }
}
