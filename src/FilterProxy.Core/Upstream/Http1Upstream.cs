using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The upstream half of an exchange over a pooled HTTP/1 connection: sends the request, reads the response head, hands out the
/// body.
/// </summary>
internal sealed class Http1Upstream(ProxyExchange exchange) : HttpUpstream(exchange)
{
    /// <summary>More interim responses than this to one request are no conversation but an attack or a bug.</summary>
    private const int MaxInterim = 100;

    private readonly Http1ResponseReader _reader = new(exchange.Response);
    private readonly Http1BodyReader _body = new();
    private readonly Http1BodyWriter _writer = new();
    private UpstreamConnection? _connection;
    private long _lease;
    private int _interim;
    private bool _pumping;
    private bool _isReading;
    private ValueTask<bool> _pump;

    public override BodyReader Body => _body;

    public override long BodyBytes => _body.Total;

    public override IDuplexPipe Switched => _connection!.Connection.Transport;

    /// <summary>Connects, sends the request and reads the head of the response into the exchange.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    public async ValueTask<ProxyError> SendAsync(ConnectionPool pool)
    {
        BeginAttempt();
        _interim = 0;
        _isReading = false;
        var connection = X.NeedsFreshConnection ? null : pool.TryRent(X.Downstream);
        if (connection is null)
        {
            (connection, var error) = await pool.RentAsync(new ConnectContext(X.Downstream, X.Loop), X.AttemptAborted, X.Timeouts.PerTry, X.NeedsFreshConnection);
            if (connection is null)
            {
                return X.BreakError ?? error;
            }
        }

        Hold(connection);
        try
        {
            await PrepareAsync();
            if (X.HasReply)
            {
                return default;
            }

            return await ExchangeHeadsAsync(connection);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException && X.CurrentFilter is null)
        {
            return Failure(e);
        }
        finally
        {
            DisarmDeadlines();
        }
    }

    /// <summary>An attempt that ends before there is a connection.</summary>
    public void BeginUnconnected() => BeginAttempt();

    public override void Abort()
    {
        // The pair may be torn by an attempt that begins just now; the lease then fits no connection and nothing happens.
        var lease = Volatile.Read(ref _lease);
        Volatile.Read(ref _connection)?.Abort(lease);
    }

    public override void AbandonResponse()
    {
        if (HasResponse && !_body.IsEnded)
        {
            Abort();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public override async ValueTask EndAttemptAsync()
    {
        if (_connection is not { } connection)
        {
            return;
        }

        AwaitBody(false);
        var pumped = true;
        if (_pumping)
        {
            if (Pump.IsRunning)
            {
                Pump.Stop();
                Abort();
            }

            pumped = await _pump;
            Pump.End();
            _pumping = false;
        }

        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }

        Volatile.Write(ref _connection, null);
        var clean = connection.EndLease(_lease) && pumped && HasResponse && _body.IsEnded && ResponseFraming.KeepAlive && !IsSwitched;
        if (clean && connection.IsAlive)
        {
            // Alive: with no bytes beyond the response, which the next exchange would take for its own.
            connection.Pool.Return(connection);
        }
        else
        {
            connection.Pool.Discard(connection);
        }
    }

    private void Hold(UpstreamConnection connection)
    {
        var lease = connection.BeginLease(X);
        Volatile.Write(ref _connection, connection);
        Volatile.Write(ref _lease, lease);
        BeginUse(connection.Reused);
        if (X.BreakKind != ProxyErrorKind.None || IsLost)
        {
            // Broken off while connecting: Abort found nothing to abort then.
            Abort();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ProxyError> ExchangeHeadsAsync(UpstreamConnection connection)
    {
        WriteHead(connection);
        if (X.HasRequestBody || X.RequestFraming.Kind != BodyKind.None)
        {
            StartPump(connection);
        }
        else
        {
            await FlushHeadAsync(connection);
            AwaitHead();
        }

        if (X.Race is null)
        {
            BeginReading();
        }

        while (true)
        {
            var read = await connection.Input.ReadAsync();
            if (!_isReading)
            {
                if (read.Buffer.IsEmpty || !X.Race!.TryWin(this, StatusOf(read.Buffer)))
                {
                    // The exchange has one response: it is not touched here.
                    connection.Input.AdvanceTo(read.Buffer.Start);
                    return read.Buffer.IsEmpty ? Failure(null) : HedgeRace.Lost;
                }

                BeginReading();
            }

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

    private void BeginReading()
    {
        _isReading = true;
        _reader.Begin(X.Rules.ResponseHead);
    }

    /// <summary>The status of a response that begins here; 0 where it cannot be told.</summary>
    private static int StatusOf(in ReadOnlySequence<byte> head) =>
        head.FirstSpan is { Length: >= 12 } line && Utf8Parser.TryParse(line[9..12], out int status, out _) ? status : 0;

    /// <summary>Judges a complete head. Null after an interim response: the final one follows.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<ProxyError?> AcceptHeadAsync(UpstreamConnection connection)
    {
        var response = X.Response;
        if (response.StatusCode == 101)
        {
            if (!X.IsUpgrade)
            {
                return ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "unasked_switch");
            }

            IsSwitched = true;
        }
        else if (response.StatusCode < 200)
        {
            var bad = Http1Framing.ForResponse(response, X.AttemptHead.MethodKind, out _);
            if (bad.IsError)
            {
                return bad;
            }

            HopByHop.RemoveFromResponse(response, keepUpgrade: false);
            if (!await X.SendInterimAsync())
            {
                return ProxyError.Downstream(ProxyErrorKind.DownstreamClosed);
            }

            if (++_interim > MaxInterim)
            {
                return ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "too_many_interim");
            }

            response.Reset();
            response.Block.Reset();
            _reader.Begin(X.Rules.ResponseHead);
            return null;
        }

        if (!TryEndAwaitHead())
        {
            // In the same moment: the connection is being aborted, the response could only break off.
            return TryTimeout();
        }

        var error = Http1Framing.ForResponse(response, X.AttemptHead.MethodKind, out var framing);
        ResponseFraming = framing;
        if (error.IsError)
        {
            return error;
        }

        if (X.AttemptHead.MethodKind == HttpMethodKind.Connect && response.StatusCode is >= 200 and < 300)
        {
            IsSwitched = true;
        }

        Stage = UpstreamStage.Body;
        HasResponse = true;
        X.Stats.ResponseStarted = X.Stats.TimeProvider.GetTimestamp();
        HopByHop.RemoveFromResponse(response, IsSwitched);
        _body.Begin(connection.Input, framing, framing.Kind == BodyKind.Chunked ? response.Trailers : null, X.Rules.ResponseHead.MaxHeadBytes);
        return default(ProxyError);
    }

    private void WriteHead(UpstreamConnection connection)
    {
        var host = X.Route?.HostHeader ?? X.Peer!.HostHeaderBytes;
        if (host.Length == 0 && !X.AttemptHead.Headers.Contains(KnownHeader.Host))
        {
            // HTTP/1.0 knows no Host; HTTP/1.1 upstreams need one that names them.
            host = X.Peer!.Endpoint.AuthorityBytes;
        }

        var token = X.IsUpgrade ? ConnectionToken.Upgrade : ConnectionToken.None;
        Http1Writer.WriteRequestHead(connection.Output, X.AttemptHead, host, X.RequestFraming, token);
    }

    private void StartPump(UpstreamConnection connection)
    {
        _writer.Begin(connection.Output, connection.Sender, X.RequestFraming.Kind, X.RequestFraming.Length);
        _pumping = true;
        Pump.Begin(this, _writer);
        _pump = Pump.RunAsync();
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
    private async ValueTask FinishFlushAsync(ValueTask<FlushResult> flush)
    {
        Pump.AwaitWrite(true);
        await flush;
        Pump.AwaitWrite(false);
        Stage = UpstreamStage.Head;
    }

    /// <summary>What the end of the connection means for the attempt.</summary>
    private ProxyError Failure(Exception? cause)
    {
        if (Pump.Error.IsError)
        {
            return Pump.Error;
        }

        var hasStarted = _isReading && _reader.HasStarted;
        return X.BreakError ?? (TryTimedOut ? TryTimeout() : ProxyError.Upstream(
            ProxyErrorKind.UpstreamClosed, retryable: !hasStarted, hasStarted ? "closed_in_head" : "closed_before_head", cause));
    }
}
