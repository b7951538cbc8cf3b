using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;

namespace FilterProxy.Filters.UdpRelay;

/// <summary>A client's way to an endpoint and back.</summary>
internal sealed class UdpSession : ClientSession, IDatagramUser
{
    private readonly RelaySessions _sessions;
    private readonly UdpUpstream _upstream;
    private readonly Endpoint _endpoint;
    private readonly Action<SocketError> _lostToClient;
    private int _answers;
    private int _over;
    private bool _isKnownGood;

    /// <exception cref="SocketException">There is no way to the endpoint, or no descriptor.</exception>
    public UdpSession(RelaySessions sessions, SocketAddress client, IPAddress address, Endpoint endpoint, IPEndPoint target, ByteSize? buffer)
        : base(client, address)
    {
        (_sessions, _endpoint, _lostToClient) = (sessions, endpoint, OnLostToClient);
        _upstream = new UdpUpstream(target, buffer, this);
        LastMove = sessions.Table.Now;
    }

    public override void Begin()
    {
        _sessions.Metrics.Began();
        _ = _upstream.RunAsync();
    }

    public override void Send(DatagramBatch batch, int first, int count)
    {
        LastMove = _sessions.Table.Now;
        _answers = 0;
        _sessions.Metrics.Passed(_upstream.Send(batch, first, count), "to_upstream");
    }

    public override void End(string reason)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _upstream.Dispose();
            _sessions.Remove(this, reason);
        }
    }

    public void OnReceived(DatagramBatch batch)
    {
        LastMove = _sessions.Table.Now;
        var count = _sessions.Responses > 0 ? Math.Min(batch.Count, _sessions.Responses - _answers) : batch.Count;
        _sessions.Metrics.Passed(batch.SendAll(_sessions.Listener, 0, count, Client, _lostToClient), "to_client");
        if (!_isKnownGood)
        {
            _isKnownGood = true;
            _endpoint.Observe(new Outcome(200, ProxyErrorKind.None, TimeSpan.Zero));
        }

        _answers += count;
        if (_sessions.Responses > 0 && _answers >= _sessions.Responses)
        {
            End("answered");
        }
    }

    // ICMP told that nobody is there (RFC 1122 §4.1.3.3): the client's next datagram begins a session elsewhere.
    public void OnError(SocketError error)
    {
        switch (error)
        {
            case SocketError.ConnectionRefused or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.ConnectionReset:
                _sessions.Avoid(_endpoint);
                End("unreachable");
                break;

            case SocketError.MessageSize:
                _sessions.Metrics.Dropped("too_large");
                break;

            case SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable:
                _sessions.Metrics.Dropped("send_failed");
                break;

            case SocketError.Shutdown:
                _sessions.Metrics.Dropped("session_over");
                break;

            case SocketError.OperationAborted or SocketError.Interrupted or SocketError.NotSocket:
                break;

            default:
                End("failed");
                break;
        }
    }

    // A full buffer, or a client that is not there any more: a datagram may be lost.
    private void OnLostToClient(SocketError error) =>
        _sessions.Metrics.Dropped(error switch { SocketError.MessageSize => "too_large", SocketError.Shutdown => "session_over", _ => "send_failed" });
}
