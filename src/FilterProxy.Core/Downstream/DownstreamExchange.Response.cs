using System.Net.Sockets;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;

namespace FilterProxy.Core.Downstream;

/// <summary>The response's body on its way to the client, through the body filters, in pieces.</summary>
internal abstract partial class DownstreamExchange
{
    /// <summary>A reply to HEAD says how long the body would be (RFC 9110 §9.3.2), as the upstream's own fields do.</summary>
    protected long? AnnouncedLength => HasReply && Response.StatusCode is not (204 or 304) ? ReplyLength : null;

    /// <summary>Whether written bytes, or the head, wait to be flushed.</summary>
    protected abstract bool HasUnflushed { get; }

    /// <summary>Writes a piece; flushes when enough has gathered. False when the client is gone.</summary>
    protected abstract ValueTask<bool> WriteBodyAsync(System.Buffers.ReadOnlySequence<byte> data);

    /// <summary>Sends what was written. False when the client is gone.</summary>
    protected abstract ValueTask<bool> FlushBodyAsync();

    /// <summary>Ends the body, with its trailers.</summary>
    protected abstract ValueTask EndBodyAsync();

    /// <summary>The client takes no more of the response.</summary>
    protected abstract void OnClientLost();

    /// <summary>Asks the body filters, after the head is settled; null where the length is not known.</summary>
    protected long? BeginResponseBody()
    {
        Phases?.Enter("send");
        ResponseBodyFilters.Reset();
        if (Chain.ResponseBody.Length > 0 && !IsBareReply)
        {
            ResponseBodyFilters.Begin(Chain.ResponseBody);
        }

        if (!ResponseBodyFilters.Transforms)
        {
            return HasReply ? ReplyLength : ReplacedResponseLength ?? UpstreamLength();
        }

        Response.Headers.Remove(KnownHeader.ContentLength);
        WeakenETag();
        return null;
    }

    /// <summary>Passes a body on.</summary>
    /// <param name="body">The body.</param>
    /// <param name="reading">The first read of it.</param>
    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder))]
    protected async ValueTask CopyBodyAsync(BodyReader body, ValueTask<BodyRead> reading)
    {
        var fromUpstream = ReferenceEquals(body, Upstream.Body);
        var unwaited = 0L;
        while (true)
        {
            if (!reading.IsCompleted)
            {
                unwaited = 0;
                if (HasUnflushed && !await FlushBodyAsync())
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

            reading = body.ReadAsync();
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

    protected static bool IsGone(Exception e) => e is IOException or SocketException or ObjectDisposedException or InvalidOperationException;

    /// <summary>The body failed after the head had gone: the client must not take what it got for the whole.</summary>
    protected void BreakOff()
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

    protected void LoseClient()
    {
        OnClientLost();
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

    private long? UpstreamLength() => Upstream.ResponseFraming.Kind switch
    {
        BodyKind.None => 0,
        BodyKind.Length => Upstream.ResponseFraming.Length,
        _ => null,
    };
}
