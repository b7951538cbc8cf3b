using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.Datagrams;

/// <summary>A way to an endpoint and back: a socket of its own, connected, so that the kernel tells what becomes of datagrams.</summary>
internal sealed class UdpUpstream : IDisposable
{
    private readonly Socket _socket;
    private readonly IDatagramUser _user;
    private readonly Action<SocketError> _lost;
    private readonly byte[] _peek = new byte[1];
    private volatile bool _isOver;

    /// <param name="target">Where datagrams go.</param>
    /// <param name="buffer">Bytes the kernel may hold, both ways; null for its default.</param>
    /// <param name="user">Who is told.</param>
    /// <exception cref="SocketException">There is no way, or no descriptor.</exception>
    public UdpUpstream(IPEndPoint target, ByteSize? buffer, IDatagramUser user)
    {
        (_user, _lost) = (user, user.OnError);
        _socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (buffer is { } size)
            {
                _socket.SendBufferSize = _socket.ReceiveBufferSize = (int)size.Bytes;
            }

            _socket.Connect(target);
            _socket.Blocking = false;
        }
        catch
        {
            _socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends datagrams of a batch.</summary>
    /// <returns>How many went; the user is told of the others.</returns>
    public int Send(DatagramBatch batch, int first, int count) => batch.SendAll(_socket, first, count, null, _lost);

    /// <summary>Hands over what comes back, until it is disposed.</summary>
    public async Task RunAsync()
    {
        while (!_isOver)
        {
            try
            {
                // Waits without a buffer to speak of: most are quiet most of the time.
                await _socket.ReceiveAsync(_peek.AsMemory(), SocketFlags.Peek);
                Drain();
            }
            catch (SocketException e)
            {
                _user.OnError(e.SocketErrorCode);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        _isOver = true;
        _socket.Dispose();
    }

    private void Drain()
    {
        var batch = DatagramBatch.OfThread;
        do
        {
            var error = batch.Receive(_socket);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            if (error != SocketError.Success)
            {
                _user.OnError(error);
                return;
            }

            _user.OnReceived(batch);
        }
        while (batch.Count == DatagramBatch.Most && !_isOver);
    }
}
