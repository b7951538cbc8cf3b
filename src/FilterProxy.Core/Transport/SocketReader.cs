using System.Net.Sockets;

namespace FilterProxy.Core.Transport;

/// <summary>Reads with the runtime's own asynchronous receives.</summary>
internal sealed class SocketReader : DirectReader
{
    private readonly Socket _socket;
    private readonly ReceiveArgs _args;

    public SocketReader(Socket socket)
    {
        _socket = socket;
        _args = new ReceiveArgs(this);
    }

    public override void Dispose()
    {
        base.Dispose();
        _args.Dispose();
    }

    protected override Arrival Look() => _args.SocketError != SocketError.Success || _args.BytesTransferred == 0 ? Arrival.End : Arrival.Bytes;

    protected override bool Start()
    {
        try
        {
            _args.SetBuffer(Space());
            return !_socket.ReceiveAsync(_args);
        }
        catch (ObjectDisposedException)
        {
            _args.SocketError = SocketError.OperationAborted;
            return true;
        }
    }

    protected override bool Finish(out int received, out SocketError error)
    {
        error = _args.SocketError;
        received = error == SocketError.Success ? _args.BytesTransferred : 0;
        return true;
    }

    // Without execution context: a prefetch begun for one exchange may complete for another.
    private sealed class ReceiveArgs(SocketReader owner) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => owner.OnArrived();
    }
}
