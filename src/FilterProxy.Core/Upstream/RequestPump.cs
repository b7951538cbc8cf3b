using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The request's body on its way upstream while the response may already be coming, and the beginning of it that another attempt
/// could send again. One for all attempts of an exchange.
/// </summary>
internal sealed class RequestPump(ProxyExchange exchange)
{
    private readonly ProxyExchange _x = exchange;
    private readonly BodyBuffer _replay = new();
    private HttpUpstream _upstream = null!;
    private BodyWriter _writer = null!;
    private bool _begun;
    private volatile bool _done;
    private volatile bool _stop;
    private bool _replayable;
    private long _replayLeft;
    private long _replayLimit;
    private bool _bodyWasRead;
    private bool _filteredToEnd;
    private ProxyError _error;
    private Deadline _writeDeadline;

    /// <summary>The most bytes of body that are kept to be sent again where no policy says how many.</summary>
    public const int ReplayLimit = 64 * 1024;

    /// <summary>Whether the body is still on its way.</summary>
    public bool IsRunning => _begun && !_done;

    /// <summary>What went wrong with the body itself, on the client's side or in a filter: it is the attempt's error.</summary>
    public ProxyError Error => _error;

    /// <summary>Whether the deadline for the upstream to take bytes is due.</summary>
    public bool HasDue(long now) => _writeDeadline.IsDue(now);

    /// <summary>Fires it if it is.</summary>
    public void FireDeadline(long now)
    {
        if (_writeDeadline.TryFire(now))
        {
            _x.Break(ProxyErrorKind.UpstreamTimeout, AbortReason.None, Limit.UpstreamWrite);
            _writeDeadline.EndFiring();
        }
    }

    /// <summary>Turns it off. False while it is firing.</summary>
    public bool TrySettleDeadline() => _writeDeadline.TrySettle();

    /// <summary>Arms it around a write of the attempt's own, such as the head.</summary>
    public void AwaitWrite(bool awaiting)
    {
        if (awaiting)
        {
            _writeDeadline.Arm(_x.Heartbeat, _x.Timeouts.Write);
        }
        else
        {
            _writeDeadline.Disarm();
        }
    }

    /// <summary>Makes ready to send the body, or what is left of it, in an attempt. <see cref="RunAsync"/> follows.</summary>
    public void Begin(HttpUpstream upstream, BodyWriter writer)
    {
        _upstream = upstream;
        _writer = writer;
        _error = default;
        _done = false;
        _stop = false;
        _begun = true;

        if (_replayLeft == 0)
        {
            _replay.Reset();
            _replayLimit = _x.RetryPolicy?.Buffer ?? ReplayLimit;
            _replayable = !KeepsBody && (upstream.MayBeRefused || Retry.MayReplay(_x));
        }
    }

    /// <summary>Makes it end soon; the attempt is aborted besides, for a write under way.</summary>
    public void Stop()
    {
        _stop = true;
        _x.CancelRequestRead();
    }

    /// <summary>The attempt is over, and the pump with it.</summary>
    public void End() => _begun = false;

    /// <summary>Whether the body could be sent again from its beginning.</summary>
    public bool CanReplay => !_bodyWasRead || KeepsBody || _replayable;

    /// <summary>Makes ready to send the body again from its beginning. False when that beginning is gone.</summary>
    public bool TryReplay()
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

    /// <summary>Forgets what was kept of the request's body.</summary>
    public void Forget()
    {
        _replay.Reset();
        _replayable = false;
        _replayLeft = 0;
        _bodyWasRead = false;
        _filteredToEnd = false;
        _error = default;
    }

    // Filters run once per request, so what they made of a body in memory is kept like that of any other.
    private bool KeepsBody => _x.IsRequestBodyInMemory && !_x.RequestBodyFilters.IsActive;

    /// <summary>Sends the body. True when it was sent whole.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    public async ValueTask<bool> RunAsync()
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
            _done = true;
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
            if (read.Status == BodyStatus.Canceled && !_stop && _x.BreakKind == ProxyErrorKind.None)
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
                if (!_writer.End(_x.Request.TrailersIfAny))
                {
                    FailRequest(ProxyError.Internal(detail: "request_length_mismatch"));
                    return false;
                }

                await FlushBodyAsync();
                _upstream.OnRequestSent();
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
                    _upstream.Abort();
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

        if (_replay.Length + data.Length > _replayLimit)
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
        _error = error;
        _upstream.Abort();
    }
}
