using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>A client's way to an endpoint and back: a socket of its own, connected, so that the kernel tells what becomes of datagrams.</summary>
internal sealed class UdpSession : IDisposable
{
    // One buffer a thread: what has come is passed on before anything is waited for.
    [ThreadStatic]
    private static byte[]? t_scratch;

    private readonly SessionTable _table;
    private readonly Socket _listener;
    private readonly Socket _socket;
    private readonly Endpoint _endpoint;
    private readonly byte[] _peek = new byte[1];
    private int _answers;
    private int _over;
    private bool _isKnownGood;

    public UdpSession(SessionTable table, Socket listener, Socket socket, SocketAddress client, IPAddress address, Endpoint endpoint)
    {
        (_table, _listener, _socket, Client, Address, _endpoint) = (table, listener, socket, client, address, endpoint);
        LastMove = table.Now;
    }

    /// <summary>Where its datagrams come from.</summary>
    public SocketAddress Client { get; }

    /// <summary>The address of that.</summary>
    public IPAddress Address { get; }

    /// <summary>When a datagram last went either way, on the table's clock.</summary>
    public double LastMove { get; private set; }

    /// <summary>Passes a datagram to the endpoint.</summary>
    public void Send(ReadOnlySpan<byte> datagram)
    {
        LastMove = _table.Now;
        _answers = 0;
        try
        {
            _socket.Send(datagram);
            _table.Metrics.Passed("to_upstream");
        }
        catch (SocketException e)
        {
            OnError(e.SocketErrorCode);
        }
        catch (ObjectDisposedException)
        {
            _table.Metrics.Dropped("session_over");
        }
    }

    /// <summary>Passes on what comes back, until the session is over.</summary>
    public async Task RunAsync()
    {
        while (Volatile.Read(ref _over) == 0)
        {
            try
            {
                // Waits without a buffer to speak of: most sessions are quiet most of the time.
                await _socket.ReceiveAsync(_peek.AsMemory(), SocketFlags.Peek);
                Drain();
            }
            catch (SocketException e)
            {
                OnError(e.SocketErrorCode);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    /// <summary>Ends it, once.</summary>
    public void End(string reason)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _socket.Dispose();
            _table.Remove(this, reason);
        }
    }

    public void Dispose() => End("stopped");

    private void Drain()
    {
        var scratch = t_scratch ??= GC.AllocateUninitializedArray<byte>(ushort.MaxValue);
        do
        {
            var length = _socket.Receive(scratch);
            LastMove = _table.Now;
            Answer(scratch.AsSpan(0, length));
            if (!_isKnownGood)
            {
                _isKnownGood = true;
                _endpoint.Observe(new Outcome(200, ProxyErrorKind.None, TimeSpan.Zero));
            }

            if (_table.Responses > 0 && ++_answers >= _table.Responses)
            {
                End("answered");
                return;
            }
        }
        while (_socket.Available > 0);
    }

    private void Answer(ReadOnlySpan<byte> datagram)
    {
        try
        {
            _listener.SendTo(datagram, SocketFlags.None, Client);
            _table.Metrics.Passed("to_client");
        }
        catch (SocketException e)
        {
            // A full buffer, or a client that is not there any more: a datagram may be lost.
            _table.Metrics.Dropped(e.SocketErrorCode == SocketError.MessageSize ? "too_large" : "send_failed");
        }
        catch (ObjectDisposedException)
        {
            _table.Metrics.Dropped("session_over");
        }
    }

    // ICMP told that nobody is there (RFC 1122 §4.1.3.3): the client's next datagram begins a session elsewhere.
    private void OnError(SocketError error)
    {
        switch (error)
        {
            case SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.ConnectionReset:
                _endpoint.Observe(new Outcome(0, ProxyErrorKind.ConnectFailed, TimeSpan.Zero));
                _table.Avoid(_endpoint);
                End("unreachable");
                break;

            case SocketError.MessageSize:
                _table.Metrics.Dropped("too_large");
                break;

            case SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable:
                _table.Metrics.Dropped("send_failed");
                break;

            case SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket:
                break;

            default:
                End("failed");
                break;
        }
    }
}
