using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace FilterProxy.Core.Transport;

/// <summary>Writes with the runtime's own asynchronous sends.</summary>
internal sealed class SocketWriter : DirectWriter
{
    private readonly Socket _socket;
    private readonly SendArgs _args;

    public SocketWriter(Socket socket)
        : base(socket)
    {
        _socket = socket;
        _args = new SendArgs(this);
    }

    public override void Dispose()
    {
        base.Dispose();
        _args.Dispose();
    }

    // One after the other: a list of both would be made anew for each call.
    protected override int? TrySend(ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> behind, out SocketError error)
    {
        error = SocketError.Success;
        try
        {
            _args.SetBuffer(MemoryMarshal.AsMemory(bytes));
            if (_socket.SendAsync(_args))
            {
                return null;
            }
        }
        catch (ObjectDisposedException)
        {
            _args.SocketError = SocketError.OperationAborted;
        }

        error = _args.SocketError;
        return _args.BytesTransferred;
    }

    private sealed class SendArgs(SocketWriter owner) : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e) => owner.OnRoom(e.BytesTransferred, e.SocketError);
    }
}
