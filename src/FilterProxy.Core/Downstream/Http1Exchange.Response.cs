using System.Buffers;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>The response on its way to an HTTP/1 client.</summary>
internal sealed partial class Http1Exchange
{
    // Bytes of a body that is there as a whole: so few are gathered behind the head and sent with it.
    private const int SmallBody = 4 * 1024;

    public override ValueTask SendResponseAsync()
    {
        if (Upstream.IsSwitched && !HasReply)
        {
            return RelayAsync();
        }

        if (ResponseBodyError.IsError)
        {
            return FailAsync(ResponseBodyError);
        }

        var bodyless = IsBodyless;
        var framing = bodyless ? default : Frame();
        KeepAlive &= framing.Kind != BodyKind.UntilClose && !_entry.IsDraining && !Error.BreaksFraming()
            && (_body.IsEnded || CanDrain() || (Upstream.IsPumping && !MayLeaveBodyOut));
        WriteHead(bodyless ? Announce() : framing, KeepAlive ? (Request.Version == HttpVersionKind.Http10 ? ConnectionToken.KeepAlive : ConnectionToken.None) : ConnectionToken.Close);
        _writer.Begin(_output, _sender, framing.Kind, framing.Length);
        if (bodyless || (framing is { Kind: BodyKind.Length, Length: 0 } && !ResponseBodyFilters.IsActive))
        {
            return FlushOrLoseAsync(FlushLastAsync());
        }

        var body = ResponseBody;
        var reading = body.ReadAsync();
        if (!reading.IsCompletedSuccessfully)
        {
            return CopyBodyAsync(body, reading);
        }

        var read = reading.Result;
        return read.Status == BodyStatus.End && read.Data.Length <= SmallBody && !ResponseBodyFilters.IsActive
            ? SendWholeAsync(body, read.Data)
            : CopyBodyAsync(body, new ValueTask<BodyRead>(read));
    }

    /// <summary>A body that is there and small goes out with the head, without the steps that pass on longer ones.</summary>
    private ValueTask SendWholeAsync(BodyReader body, in ReadOnlySequence<byte> data)
    {
        Stats.ResponseBodyBytes += data.Length;
        try
        {
            if (!_writer.Gather(data))
            {
                LoseClient();
                return default;
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            LoseClient();
            return default;
        }

        body.Advance();
        if (!_writer.End(Response.Trailers))
        {
            BreakOff();
            return default;
        }

        return FlushOrLoseAsync(FlushLastAsync());
    }

    private ValueTask FlushOrLoseAsync(ValueTask<bool> flushing)
    {
        if (!flushing.IsCompletedSuccessfully)
        {
            return FinishFlushAsync(flushing);
        }

        if (!flushing.Result)
        {
            LoseClient();
        }

        return default;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private async ValueTask FinishFlushAsync(ValueTask<bool> flushing)
    {
        if (!await flushing)
        {
            LoseClient();
        }
    }

    public override async ValueTask<bool> SendInterimAsync()
    {
        if (Request.Version == HttpVersionKind.Http10 || (Response.StatusCode == 100 && !_expectsContinue))
        {
            // RFC 9110 §15.2: HTTP/1.0 knows no 1xx. A 100 nobody asked for is dropped too.
            return true;
        }

        _expectsContinue &= Response.StatusCode != 100;
        Http1Writer.WriteResponseHead(_output, Response, default, ConnectionToken.None);
        return await FlushAsync();
    }

    protected override bool HasUnflushed => _writer.HasUnflushed;

    /// <summary>How the body is framed for this client (RFC 9112 §6.3).</summary>
    private MessageFraming Frame() => BeginResponseBody() is { } length
        ? new MessageFraming(BodyKind.Length, length, true)
        : new MessageFraming(Request.Version == HttpVersionKind.Http11 ? BodyKind.Chunked : BodyKind.UntilClose, 0, true);

    private MessageFraming Announce() => AnnouncedLength is { } length ? new MessageFraming(BodyKind.Length, length, true) : default;

    private void WriteHead(in MessageFraming framing, ConnectionToken token)
    {
        var headers = Response.Headers;
        if (!headers.Contains(KnownHeader.Date))
        {
            // RFC 9110 §6.6.1: who forwards a response without Date adds one.
            headers.Append(KnownHeader.Date, HttpDate.Now(Heartbeat));
        }

        if (Snapshot.ServerHeader.Length > 0)
        {
            headers.Set(KnownHeader.Server, Snapshot.ServerHeader);
        }

        if (_entry.AltSvc.Length > 0)
        {
            headers.Set("Alt-Svc"u8, _entry.AltSvc);
        }

        HasResponseStarted = true;
        var before = _output.CanGetUnflushedBytes ? _output.UnflushedBytes : 0;
        Http1Writer.WriteResponseHead(_output, Response, framing, token);
        Stats.ResponseHeadBytes = _output.CanGetUnflushedBytes ? _output.UnflushedBytes - before : 0;
    }

    /// <summary>False when the client is gone: some transports throw then, others say so.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    protected override async ValueTask<bool> WriteBodyAsync(ReadOnlySequence<byte> data)
    {
        try
        {
            var writing = _writer.WriteAsync(data);
            if (!writing.IsCompleted)
            {
                AwaitWrite();
            }

            return await writing;
        }
        catch (Exception e) when (IsGone(e))
        {
            return false;
        }
        finally
        {
            EndWrite();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    protected override async ValueTask EndBodyAsync()
    {
        if (!_writer.End(Response.TrailersIfAny))
        {
            BreakOff();
        }
        else if (!await FlushBodyAsync())
        {
            LoseClient();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    protected override async ValueTask<bool> FlushBodyAsync()
    {
        try
        {
            var flush = _writer.FlushAsync();
            if (!flush.IsCompleted)
            {
                AwaitWrite();
            }

            return await flush;
        }
        catch (Exception e) when (IsGone(e))
        {
            return false;
        }
        finally
        {
            EndWrite();
        }
    }

    private async ValueTask RelayAsync()
    {
        KeepAlive = false;
        HasResponseStarted = true;
        Http1Writer.WriteResponseHead(_output, Response, default, Response.StatusCode == 101 ? ConnectionToken.Upgrade : ConnectionToken.None);
        if (!await FlushAsync())
        {
            LoseClient();
            return;
        }

        BeginRelay();
        var result = await Relay.RunAsync(_connection.Transport, Upstream.Switched, AwaitRelay, () =>
        {
            Upstream.Abort();
            ConnectionReset.Abort(_connection);
        });
        EndRelay();
        _mayStillSend = !result.ClientHasEnded;
        Stats.RequestBodyBytes += result.ToUpstream;
        Stats.ResponseBodyBytes += result.ToDownstream;
    }
}
