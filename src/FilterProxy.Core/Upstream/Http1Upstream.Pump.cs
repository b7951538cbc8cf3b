using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>The pump: the request's body on its way upstream while the response may already be coming.</summary>
internal sealed partial class Http1Upstream
{
    private readonly Http1BodyWriter _writer = new();
    private readonly BodyBuffer _replay = new();
    private ValueTask<bool> _pump;
    private bool _pumping;
    private volatile bool _pumpDone;
    private volatile bool _stopPump;
    private bool _replayable;
    private long _replayLeft;
    private bool _bodyWasRead;
    private bool _filteredToEnd;
    private ProxyError _requestBodyError;
    private Deadline _writeDeadline;

    /// <summary>The most bytes of body that are kept to be sent again.</summary>
    public const int ReplayLimit = 64 * 1024;

    /// <summary>Makes ready to send the body again from its beginning. False when that beginning is gone.</summary>
    public bool TryReplayBody()
    {
        if (!_bodyWasRead)
        {
            return true;
        }

        if (KeepsBody)
        {
            _x.RewindRequestBody();
            return true;
        }

        if (!_replayable)
        {
            return false;
        }

        // What is replayed has been through the body filters: they run once per request.
        _replayLeft = _replay.Length;
        _x.PrependRequestBody(_replay.Written);
        return true;
    }

    /// <summary>
    /// Ends the attempt: stops the pump and gives the connection back, if the message on it is over and clean, or closes it.
    /// </summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public async ValueTask EndAttemptAsync()
    {
        if (_connection is not { } connection)
        {
            return;
        }

        _readDeadline.Disarm();
        var pumped = true;
        if (_pumping)
        {
            if (!_pumpDone)
            {
                _stopPump = true;
                _x.CancelRequestRead();
                Abort();
            }

            pumped = await _pump;
            _pumping = false;
        }

        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }

        Volatile.Write(ref _connection, null);
        var clean = connection.EndLease(_lease) && pumped && _hasResponse && _body.IsEnded && _responseFraming.KeepAlive && !IsSwitched;
        _x.Peer!.Endpoint.End();
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

    /// <summary>A filter replaced the response: what the upstream still sends is not wanted.</summary>
    public void AbandonResponse()
    {
        if (_hasResponse && !_body.IsEnded)
        {
            Abort();
        }
    }

    /// <summary>Forgets what was kept of the request's body.</summary>
    public void ForgetReplay()
    {
        _replay.Reset();
        _replayable = false;
        _replayLeft = 0;
        _bodyWasRead = false;
        _filteredToEnd = false;
        _requestBodyError = default;
    }

    // Filters run once per request, so what they made of a body in memory is kept like that of any other.
    private bool KeepsBody => _x.IsRequestBodyInMemory && !_x.RequestBodyFilters.IsActive;

    private void StartPump(UpstreamConnection connection)
    {
        _writer.Begin(connection.Output, connection.Sender, _x.RequestFraming.Kind, _x.RequestFraming.Length);
        _requestBodyError = default;
        _pumpDone = false;
        _stopPump = false;
        _pumping = true;

        if (_replayLeft == 0)
        {
            _replay.Reset();
            _replayable = !KeepsBody && Retry.MayReplay(_x);
        }

        _pump = PumpAsync();
    }

    /// <summary>True when the whole body was sent.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> PumpAsync()
    {
        try
        {
            return await PumpPiecesAsync();
        }
        catch (Exception e) when (_x.RequestBodyFilters.Current is null && e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The upstream's side broke: its response, if one comes, or its end decides what that means.
            return false;
        }
        catch (Exception e)
        {
            FailRequest(_x.Blame(e, _x.RequestBodyFilters.Current));
            return false;
        }
        finally
        {
            // A piece that could not be sent is still held: whoever reads on, a retry or the end, begins behind it.
            _x.RequestBody.Advance();
            _x.InRequestBodyFilter = false;
            _pumpDone = true;
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> PumpPiecesAsync()
    {
        var body = _x.RequestBody;
        var unwaited = 0L;
        while (true)
        {
            var reading = body.ReadAsync();
            _bodyWasRead = true;
            if (!reading.IsCompleted)
            {
                unwaited = 0;
                if (_writer.HasUnflushed)
                {
                    await FlushBodyAsync();
                }

                _x.AwaitRequestBody(true);
            }

            BodyRead read;
            try
            {
                read = await reading;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                read = new BodyRead(BodyStatus.Truncated);
            }

            _x.AwaitRequestBody(false);
            if (read.Status == BodyStatus.Canceled && !_stopPump && _x.BreakKind == ProxyErrorKind.None)
            {
                // Meant for the pump of an attempt before this one, which was not reading.
                continue;
            }

            if (read.IsError)
            {
                if (read.Status != BodyStatus.Canceled || _x.BreakKind != ProxyErrorKind.None)
                {
                    FailRequest(_x.RequestBodyError(read.Status));
                }

                return false;
            }

            var ended = read.Status == BodyStatus.End;
            unwaited += read.Data.Length;
            try
            {
                if (!await SendPieceAsync(read.Data, ended))
                {
                    return false;
                }
            }
            finally
            {
                // Also when it could not be sent: it is in the replay buffer, another attempt must not read it twice.
                body.Advance();
            }

            if (unwaited > Hop.FairShare && !ended)
            {
                unwaited = 0;
                await Hop.BehindOthers();
            }

            if (ended)
            {
                _x.Stats.RequestEnded = _x.Stats.TimeProvider.GetTimestamp();
                if (!_writer.End(_x.Request.Trailers))
                {
                    FailRequest(ProxyError.Internal(detail: "request_length_mismatch"));
                    return false;
                }

                await FlushBodyAsync();
                Stage = Stage == UpstreamStage.Send ? UpstreamStage.Head : Stage;
                if (!_hasResponse)
                {
                    AwaitHead();
                }

                _x.WatchClient();

                return true;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendPieceAsync(ReadOnlySequence<byte> data, bool ended)
    {
        if (_replayLeft > 0)
        {
            _replayLeft = 0;
            return await WriteAsync(data);
        }

        _x.Stats.RequestBodyBytes += data.Length;
        if (_x.RequestBodyFilters.IsActive && !_filteredToEnd)
        {
            _filteredToEnd = ended;
            _x.InRequestBodyFilter = true;
            var filtered = await _x.RequestBodyFilters.RunAsync(data, ended);
            _x.InRequestBodyFilter = false;
            if (filtered is not { } passed)
            {
                if (_x.HasDeferredReply)
                {
                    Abort();
                }
                else
                {
                    FailRequest(_x.BlameStop(_x.RequestBodyFilters.StoppedBy));
                }

                return false;
            }

            data = passed;
        }

        Remember(data);
        return await WriteAsync(data);
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteAsync(ReadOnlySequence<byte> data)
    {
        var writing = _writer.WriteAsync(data);
        if (!writing.IsCompleted)
        {
            _writeDeadline.Arm(_x.Heartbeat, _x.Timeouts.Write);
        }

        var written = await writing;
        _writeDeadline.Disarm();
        return written;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private async ValueTask FlushBodyAsync()
    {
        var flush = _writer.FlushAsync();
        if (!flush.IsCompleted)
        {
            _writeDeadline.Arm(_x.Heartbeat, _x.Timeouts.Write);
        }

        await flush;
        _writeDeadline.Disarm();
    }

    private void Remember(in ReadOnlySequence<byte> data)
    {
        if (!_replayable)
        {
            return;
        }

        if (_replay.Length + data.Length > ReplayLimit)
        {
            _replayable = false;
            _replay.Reset();
            return;
        }

        _replay.Append(data);
    }

    /// <summary>The request itself is over: the attempt ends with its error.</summary>
    private void FailRequest(in ProxyError error)
    {
        _requestBodyError = error;
        Abort();
    }
}
