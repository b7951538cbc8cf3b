using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Datagrams;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Filters.ReverseTunnel.Udp;

/// <summary>A client's way through a tunnel: a stream that carries its datagrams, and the answers.</summary>
internal sealed class StreamSession : ClientSession
{
    private readonly StreamSessions _sessions;
    private readonly ISessionTraffic? _traffic;
    private readonly DatagramQueue _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Action<SocketError> _lostToClient;
    private int _over;

    public StreamSession(StreamSessions sessions, SocketAddress client, IPAddress address, ISessionTraffic? traffic)
        : base(client, address)
    {
        (_sessions, _traffic, _queue, _lostToClient) = (sessions, traffic, new DatagramQueue(sessions.Room), OnLostToClient);
        LastMove = sessions.Table.Now;
    }

    public override void Begin()
    {
        _sessions.Metrics.Began();

        // Its table waits for us.
        _ = Task.Run(RunAsync);
    }

    public override void Send(DatagramBatch batch, int first, int count)
    {
        LastMove = _sessions.Table.Now;
        var (taken, refused) = (0, 0);
        for (var i = first; i < first + count; i++)
        {
            if (_traffic?.TryUpload(batch.LengthOf(i)) == false)
            {
                refused++;
            }
            else if (_queue.TryAdd(batch[i]))
            {
                taken++;
            }
        }

        _queue.Send();
        _sessions.Metrics.Passed(taken, "to_upstream");
        _sessions.Metrics.Dropped("service_rate", refused);
        _sessions.Metrics.Dropped(Volatile.Read(ref _over) == 0 ? "queue_full" : "session_over", count - taken - refused);
    }

    public override void End(string reason)
    {
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _sessions.Remove(this, reason);
            _traffic?.End(reason);
            _ = _stop.CancelAsync();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            if (await OpenAsync() is not { } stream)
            {
                End("no_stream");
                return;
            }

            await using (stream)
            {
                await PassAsync(stream);
            }
        }
        finally
        {
            End("failed");
            await _queue.DisposeAsync();
        }
    }

    private async ValueTask<ConnectionContext?> OpenAsync()
    {
        try
        {
            return await _sessions.OpenAsync(EndPointOf(), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task PassAsync(ConnectionContext stream)
    {
        _queue.Attach(stream.Transport.Output);
        using var reader = new DatagramReader(stream.Transport.Input, PassToClient);
        try
        {
            await reader.RunAsync(_stop.Token);

            // The other end has found that nobody is there, or stops: the client's next datagram begins anew.
            End("upstream_closed");
        }
        catch (OperationCanceledException)
        {
            // It was ended here.
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidOperationException or ConnectionAbortedException or ObjectDisposedException)
        {
            End("upstream_reset");
        }
        catch (InvalidDataException)
        {
            End("malformed");
        }
    }

    private IPEndPoint EndPointOf()
    {
        var any = Client.Family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        return new IPEndPoint(Address, ((IPEndPoint)new IPEndPoint(any, 0).Create(Client)).Port);
    }

    private void PassToClient(DatagramBatch batch)
    {
        LastMove = _sessions.Table.Now;
        var (first, passed) = (0, 0);
        for (var i = 0; _traffic is not null && i < batch.Count; i++)
        {
            if (!_traffic.TryDownload(batch.LengthOf(i)))
            {
                passed += PassToClient(batch, first, i);
                first = i + 1;
                _sessions.Metrics.Dropped("service_rate");
            }
        }

        _sessions.Metrics.Passed(passed + PassToClient(batch, first, batch.Count), "to_client");
    }

    private int PassToClient(DatagramBatch batch, int first, int end) => batch.SendAll(_sessions.Socket, first, end - first, Client, _lostToClient);

    // A full buffer, or a client that is not there any more: a datagram may be lost.
    private void OnLostToClient(SocketError error) =>
        _sessions.Metrics.Dropped(error switch { SocketError.MessageSize => "too_large", SocketError.Shutdown => "session_over", _ => "send_failed" });
}
