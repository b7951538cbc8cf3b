using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The upstream half of an exchange over a pooled HTTP/1 connection: sends the request, reads the response head, hands out the
/// body. Reused by its exchange, one attempt after the other.
/// </summary>
internal sealed partial class Http1Upstream
{
    /// <summary>More interim responses than this to one request are no conversation but an attack or a bug.</summary>
    private const int MaxInterim = 100;

    private readonly ProxyExchange _x;
    private readonly Http1ResponseReader _reader;
    private readonly Http1BodyReader _body = new();
    private UpstreamConnection? _connection;
    private long _lease;
    private MessageFraming _responseFraming;
    private bool _hasResponse;
    private int _interim;
    private Deadline _readDeadline;
    private Deadline _tryDeadline;
    private long _tryBegan;
    private volatile bool _tryTimedOut;

    public Http1Upstream(ProxyExchange exchange)
    {
        _x = exchange;
        _reader = new Http1ResponseReader(exchange.Response);
    }

    /// <summary>How far the attempt has come.</summary>
    public UpstreamStage Stage { get; private set; }

    /// <summary>Whether its connection came from the pool.</summary>
    public bool IsReused { get; private set; }

    /// <summary>The response's body.</summary>
    public BodyReader Body => _body;

    /// <summary>Bytes of it that have come.</summary>
    public long BodyBytes => _body.Total;

    /// <summary>How the response's body is framed.</summary>
    public MessageFraming ResponseFraming => _responseFraming;

    /// <summary>Whether the upstream switched protocols (101, or 2xx to CONNECT): what follows is no HTTP.</summary>
    public bool IsSwitched { get; private set; }

    /// <summary>Whether the request's body is still on its way.</summary>
    public bool IsPumping => _pumping && !_pumpDone;

    /// <summary>The connection, for a relay.</summary>
    public UpstreamConnection? Connection => _connection;

    /// <summary>Connects, sends the request and reads the head of the response into the exchange.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    public async ValueTask<ProxyError> SendAsync()
    {
        Stage = UpstreamStage.Connect;
        IsReused = false;
        IsSwitched = false;
        _hasResponse = false;
        _interim = 0;
        _tryBegan = _x.Heartbeat.Now;
        _tryTimedOut = false;
        _x.Stats.AddAttempt(_x.Peer!.Endpoint);
        var pool = ((ProxyCluster)_x.Peer.Cluster).GetPool(_x.Peer);
        var connection = _x.NeedsFreshConnection ? null : pool.TryRent(_x.Downstream);
        if (connection is null)
        {
            (connection, var error) = await pool.RentAsync(new ConnectContext(_x.Downstream, _x.Loop), _x.Aborted, _x.Timeouts.PerTry);
            if (connection is null)
            {
                return Broken() ?? error;
            }
        }

        Hold(connection);
        try
        {
            await PrepareAsync();
            if (_x.HasReply)
            {
                return default;
            }

            return await ExchangeHeadsAsync(connection);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException && _x.CurrentFilter is null)
        {
            return Failure(e);
        }
        finally
        {
            _readDeadline.Disarm();
            _tryDeadline.Disarm();
        }
    }

    /// <summary>Breaks the attempt off, from any thread: reads and writes on its connection fail.</summary>
    public void Abort()
    {
        // The pair may be torn by an attempt that begins just now; the lease then fits no connection and nothing happens.
        var lease = Volatile.Read(ref _lease);
        Volatile.Read(ref _connection)?.Abort(lease);
    }

    /// <summary>Whether a deadline of this attempt is due.</summary>
    public bool HasDue(long now) => _readDeadline.IsDue(now) || _writeDeadline.IsDue(now) || _tryDeadline.IsDue(now);

    /// <summary>Fires what is due.</summary>
    public void FireDeadlines(long now)
    {
        if (_readDeadline.TryFire(now))
        {
            if (_hasResponse)
            {
                _x.Break(ProxyErrorKind.UpstreamBodyFailed, AbortReason.None, Limit.UpstreamRead);
            }
            else
            {
                _x.Break(ProxyErrorKind.UpstreamTimeout, AbortReason.None, Limit.UpstreamResponse);
            }

            _readDeadline.EndFiring();
        }

        if (_writeDeadline.TryFire(now))
        {
            _x.Break(ProxyErrorKind.UpstreamTimeout, AbortReason.None, Limit.UpstreamWrite);
            _writeDeadline.EndFiring();
        }

        if (_tryDeadline.TryFire(now))
        {
            // The attempt alone is over: another may follow.
            _tryTimedOut = true;
            Abort();
            _tryDeadline.EndFiring();
        }
    }

    /// <summary>Arms or disarms the deadline for more of the response's body.</summary>
    public void AwaitBody(bool awaiting)
    {
        if (awaiting)
        {
            _readDeadline.Arm(_x.Heartbeat, _x.Timeouts.Read);
        }
        else
        {
            _readDeadline.Disarm();
        }
    }

    /// <summary>Chooses a large receive buffer where the rest of the body is worth one.</summary>
    public void ExpectLargeBody() => _connection?.ExpectBody(true);

    /// <summary>Turns all deadlines off. False while one is firing.</summary>
    public bool TrySettleDeadlines() => _readDeadline.TrySettle() & _writeDeadline.TrySettle() & _tryDeadline.TrySettle();

    private void Hold(UpstreamConnection connection)
    {
        var lease = connection.BeginLease();
        Volatile.Write(ref _connection, connection);
        Volatile.Write(ref _lease, lease);
        IsReused = connection.Reused;
        _x.Peer!.Endpoint.Begin();
        _x.Stats.UpdateAttempt(connection.Reused);
        _x.Stats.UpstreamConnected = _x.Stats.TimeProvider.GetTimestamp();
        Stage = UpstreamStage.Send;
        if (_x.Timeouts.PerTry is > 0 and var perTry)
        {
            _tryDeadline.Arm(_x.Heartbeat, Math.Max(1, perTry - (_x.Heartbeat.Now - _tryBegan)));
        }

        if (_x.BreakKind != ProxyErrorKind.None)
        {
            // Broken off while connecting: Abort found nothing to abort then.
            Abort();
        }
    }

    /// <summary>Makes the request of this attempt: an overlay with the forwarding fields, then filters.</summary>
    private ValueTask PrepareAsync()
    {
        var attempt = _x.AttemptHead;
        attempt.CopyFrom(_x.Request);
        ForwardingHeaders.Apply(_x, attempt);
        return _x.Chain.OnUpstreamRequestAsync(_x, attempt);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ProxyError> ExchangeHeadsAsync(UpstreamConnection connection)
    {
        WriteHead(connection);
        if (_x.HasRequestBody || _x.RequestFraming.Kind != BodyKind.None)
        {
            StartPump(connection);
        }
        else
        {
            await FlushHeadAsync(connection);
            AwaitHead();
        }

        _reader.Begin(_x.Rules.ResponseHead);
        while (true)
        {
            var read = await connection.Input.ReadAsync();
            var status = _reader.Read(read.Buffer, out var consumed);
            connection.Input.AdvanceTo(consumed);
            switch (status)
            {
                case HeadStatus.Failed:
                    return _reader.Error;

                case HeadStatus.NeedMore when read.IsCompleted:
                    return Failure(null);

                case HeadStatus.Complete:
                    if (await AcceptHeadAsync(connection) is { } result)
                    {
                        return result;
                    }

                    break;
            }
        }
    }

    /// <summary>Judges a complete head. Null after an interim response: the final one follows.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ProxyError?> AcceptHeadAsync(UpstreamConnection connection)
    {
        var response = _x.Response;
        if (response.StatusCode == 101)
        {
            if (!_x.IsUpgrade)
            {
                return ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "unasked_switch");
            }

            IsSwitched = true;
        }
        else if (response.StatusCode < 200)
        {
            var bad = Http1Framing.ForResponse(response, _x.AttemptHead.MethodKind, out _);
            if (bad.IsError)
            {
                return bad;
            }

            HopByHop.RemoveFromResponse(response, keepUpgrade: false);
            if (!await _x.SendInterimAsync())
            {
                return ProxyError.Downstream(ProxyErrorKind.DownstreamClosed);
            }

            if (++_interim > MaxInterim)
            {
                return ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "too_many_interim");
            }

            response.Reset();
            response.Block.Reset();
            _reader.Begin(_x.Rules.ResponseHead);
            return null;
        }

        _readDeadline.Disarm();
        if (!_tryDeadline.TrySettle() || _tryTimedOut)
        {
            // In the same moment: the connection is being aborted, the response could only break off.
            return TryTimeout();
        }

        var error = Http1Framing.ForResponse(response, _x.AttemptHead.MethodKind, out _responseFraming);
        if (error.IsError)
        {
            return error;
        }

        if (_x.AttemptHead.MethodKind == HttpMethodKind.Connect && response.StatusCode is >= 200 and < 300)
        {
            IsSwitched = true;
        }

        Stage = UpstreamStage.Body;
        _hasResponse = true;
        _x.Stats.ResponseStarted = _x.Stats.TimeProvider.GetTimestamp();
        HopByHop.RemoveFromResponse(response, IsSwitched);
        _body.Begin(connection.Input, _responseFraming, response.Trailers, _x.Rules.ResponseHead.MaxHeadBytes);
        return default(ProxyError);
    }

    private void WriteHead(UpstreamConnection connection)
    {
        var host = _x.Route?.HostHeader ?? _x.Peer!.HostHeaderBytes;
        if (host.Length == 0 && !_x.AttemptHead.Headers.Contains(KnownHeader.Host))
        {
            // HTTP/1.0 knows no Host; HTTP/1.1 upstreams need one that names them.
            host = _x.Peer!.Endpoint.AuthorityBytes;
        }

        var token = _x.IsUpgrade ? ConnectionToken.Upgrade : ConnectionToken.None;
        Http1Writer.WriteRequestHead(connection.Output, _x.AttemptHead, host, _x.RequestFraming, token);
    }

    private ValueTask FlushHeadAsync(UpstreamConnection connection)
    {
        var flush = connection.Output.FlushAsync();
        if (flush.IsCompletedSuccessfully)
        {
            _ = flush.Result;
            Stage = UpstreamStage.Head;
            return default;
        }

        return FinishFlushAsync(flush);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private async ValueTask FinishFlushAsync(ValueTask<System.IO.Pipelines.FlushResult> flush)
    {
        _writeDeadline.Arm(_x.Heartbeat, _x.Timeouts.Write);
        await flush;
        _writeDeadline.Disarm();
        Stage = UpstreamStage.Head;
    }

    private void AwaitHead() => _readDeadline.Arm(_x.Heartbeat, _x.Timeouts.ResponseHead);

    /// <summary>What the end of the connection means for the attempt.</summary>
    private ProxyError Failure(Exception? cause)
    {
        if (_requestBodyError.IsError)
        {
            return _requestBodyError;
        }

        return Broken() ?? (_tryTimedOut ? TryTimeout() : ProxyError.Upstream(
            ProxyErrorKind.UpstreamClosed, retryable: !_reader.HasStarted, _reader.HasStarted ? "closed_in_head" : "closed_before_head", cause));
    }

    private static ProxyError TryTimeout() => ProxyError.Upstream(ProxyErrorKind.UpstreamTimeout, detail: Limits.DetailOf(Limit.PerTry));

    /// <summary>The error of an exchange that was broken off from outside.</summary>
    private ProxyError? Broken() => _x.BreakKind switch
    {
        ProxyErrorKind.None => null,
        ProxyErrorKind.UpstreamTimeout or ProxyErrorKind.RouteTimeout => ProxyError.Upstream(_x.BreakKind, detail: Limits.DetailOf(_x.BreakLimit)),
        var kind => ProxyError.Downstream(kind, Limits.DetailOf(_x.BreakLimit)),
    };
}
