using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>The response on its way to an HTTP/1 client.</summary>
internal sealed partial class Http1Exchange
{
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    public override async ValueTask SendResponseAsync()
    {
        if (Upstream.IsSwitched && !HasReply)
        {
            await RelayAsync();
            return;
        }

        if (ResponseBodyError.IsError)
        {
            await FailAsync(ResponseBodyError);
            return;
        }

        var bodyless = IsBodyless;
        var framing = bodyless ? default : Frame();
        KeepAlive &= framing.Kind != BodyKind.UntilClose && !_entry.IsDraining && !Error.BreaksFraming()
            && (_body.IsEnded || CanDrain() || (Upstream.IsPumping && !MayLeaveBodyOut()));
        WriteHead(bodyless ? Announce() : framing, KeepAlive ? (Request.Version == HttpVersionKind.Http10 ? ConnectionToken.KeepAlive : ConnectionToken.None) : ConnectionToken.Close);
        _writer.Begin(_output, _sender, framing.Kind, framing.Length);
        if (bodyless || (framing is { Kind: BodyKind.Length, Length: 0 } && !ResponseBodyFilters.IsActive))
        {
            if (!await FlushAsync())
            {
                LoseClient();
            }

            return;
        }

        await CopyBodyAsync(ResponseBody);
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

    /// <summary>How the body is framed for this client (RFC 9112 §6.3).</summary>
    private MessageFraming Frame()
    {
        ResponseBodyFilters.Reset();
        if (Chain.ResponseBody.Length > 0 && !IsBareReply)
        {
            ResponseBodyFilters.Begin(Chain.ResponseBody);
        }

        var length = HasReply ? ReplyLength : ReplacedResponseLength ?? UpstreamLength();
        if (ResponseBodyFilters.Transforms)
        {
            length = null;
            Response.Headers.Remove(KnownHeader.ContentLength);
            WeakenETag();
        }

        if (length is { } known)
        {
            return new MessageFraming(BodyKind.Length, known, true);
        }

        return new MessageFraming(Request.Version == HttpVersionKind.Http11 ? BodyKind.Chunked : BodyKind.UntilClose, 0, true);
    }

    /// <summary>A reply to HEAD says how long the body would be (RFC 9110 §9.3.2), as the upstream's own fields do.</summary>
    private MessageFraming Announce() =>
        HasReply && ReplyLength is { } length && Response.StatusCode is not (204 or 304) ? new MessageFraming(BodyKind.Length, length, true) : default;

    private long? UpstreamLength() => Upstream.ResponseFraming.Kind switch
    {
        BodyKind.None => 0,
        BodyKind.Length => Upstream.ResponseFraming.Length,
        _ => null,
    };

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

        HasResponseStarted = true;
        var before = _output.CanGetUnflushedBytes ? _output.UnflushedBytes : 0;
        Http1Writer.WriteResponseHead(_output, Response, framing, token);
        Stats.ResponseHeadBytes = _output.CanGetUnflushedBytes ? _output.UnflushedBytes - before : 0;
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    private async ValueTask CopyBodyAsync(BodyReader body)
    {
        var fromUpstream = ReferenceEquals(body, Upstream.Body);
        var unwaited = 0L;
        while (true)
        {
            var reading = body.ReadAsync();
            if (!reading.IsCompleted)
            {
                unwaited = 0;
                if (_writer.HasUnflushed && !await FlushBodyAsync())
                {
                    LoseClient();
                }

                if (fromUpstream)
                {
                    Upstream.AwaitBody(true);
                }
            }

            BodyRead read;
            try
            {
                read = await reading;
            }
            catch (Exception e) when (fromUpstream && e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                read = new BodyRead(BodyStatus.Truncated);
            }

            if (fromUpstream)
            {
                Upstream.AwaitBody(false);
            }

            if (read.IsError)
            {
                BreakOff();
                return;
            }

            var ended = read.Status == BodyStatus.End;
            if (!await SendPieceAsync(read.Data, ended))
            {
                return;
            }

            unwaited += read.Data.Length;
            body.Advance();
            if (unwaited > Hop.FairShare && !ended)
            {
                unwaited = 0;
                await Hop.BehindOthers();
            }

            if (ended)
            {
                await EndBodyAsync();
                return;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendPieceAsync(System.Buffers.ReadOnlySequence<byte> data, bool ended)
    {
        if (ResponseBodyFilters.IsActive)
        {
            if (await ResponseBodyFilters.RunAsync(data, ended) is not { } filtered)
            {
                BreakOff();
                return false;
            }

            data = filtered;
        }

        Stats.ResponseBodyBytes += data.Length;
        if (!await WriteBodyAsync(data))
        {
            LoseClient();
            return false;
        }

        return true;
    }

    /// <summary>False when the client is gone: some transports throw then, others say so.</summary>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WriteBodyAsync(System.Buffers.ReadOnlySequence<byte> data)
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
    private async ValueTask EndBodyAsync()
    {
        if (!_writer.End(Response.Trailers))
        {
            BreakOff();
        }
        else if (!await FlushBodyAsync())
        {
            LoseClient();
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FlushBodyAsync()
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

    private static bool IsGone(Exception e) => e is IOException or SocketException or ObjectDisposedException or InvalidOperationException;

    /// <summary>The body failed after the head had gone: the client must not take what it got for the whole.</summary>
    private void BreakOff()
    {
        if (!Error.IsError)
        {
            Error = BreakKind switch
            {
                ProxyErrorKind.None when AbortReason == AbortReason.ClientClosed => ProxyError.Downstream(ProxyErrorKind.DownstreamClosed),
                ProxyErrorKind.None => ProxyError.Upstream(ProxyErrorKind.UpstreamBodyFailed),
                ProxyErrorKind.DownstreamClosed => ProxyError.Downstream(ProxyErrorKind.DownstreamClosed, Limits.DetailOf(BreakLimit)),
                var kind => ProxyError.Upstream(kind, detail: Limits.DetailOf(BreakLimit)),
            };
            Stats.Flags |= LocalReplies.FlagOf(Error.Kind);
            Stats.Reason = LocalReplies.ReasonOf(Error);
        }

        Cut();
    }

    private void LoseClient()
    {
        KeepAlive = false;
        AbortReason = AbortReason == AbortReason.None ? AbortReason.ClientClosed : AbortReason;
        if (!Error.IsError)
        {
            Error = ProxyError.Downstream(ProxyErrorKind.DownstreamClosed, Limits.DetailOf(BreakLimit));
        }

        // A read under way ends now instead of when the upstream next speaks.
        Upstream.Abort();
        CancelReply();
    }

    private void WeakenETag()
    {
        if (Response.Headers.TryGet(KnownHeader.ETag, out var tag) && tag.StartsWith("\""u8))
        {
            Span<byte> weak = tag.Length <= 254 ? stackalloc byte[tag.Length + 2] : new byte[tag.Length + 2];
            "W/"u8.CopyTo(weak);
            tag.CopyTo(weak[2..]);
            Response.Headers.Set(KnownHeader.ETag, weak);
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
        void Progress() => _readDeadline.Arm(Heartbeat, Rules.UpgradeIdleTimeout);
        Progress();
        var result = await Relay.RunAsync(_connection.Transport, Upstream.Switched, Progress, () =>
        {
            Upstream.Abort();
            ConnectionReset.Abort(_connection);
        });
        _readDeadline.Disarm();
        _totalDeadline.Disarm();
        Stats.RequestBodyBytes += result.ToUpstream;
        Stats.ResponseBodyBytes += result.ToDownstream;
    }
}
