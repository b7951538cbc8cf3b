using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Overload;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Upstream;
using Microsoft.AspNetCore.Connections;

namespace FilterProxy.Core.Downstream;

/// <summary>An exchange whose client speaks HTTP/1 over raw pipes. Owned and reused by its <see cref="Http1Connection"/>.</summary>
internal sealed partial class Http1Exchange : DownstreamExchange
{
    /// <summary>An unread rest of a request body up to this size is read and thrown away to keep the connection.</summary>
    private const long MaxDrain = 64 * 1024;

    private readonly ConnectionContext _connection;
    private readonly ConnectionEntry _entry;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly ISequenceSend? _sender;
    private readonly DirectWriter? _direct;
    private readonly Http1BodyReader _body = new();
    private readonly Http1BodyWriter _writer = new();
    private readonly long _connectedAt;
    private MessageFraming _framing;
    private bool _expectsContinue;

    // The upstream has ended a relay the client had not.
    private bool _mayStillSend;

    public Http1Exchange(ConnectionContext connection, ConnectionEntry entry, ProxyServices services)
        : base(services)
    {
        _connection = connection;
        _entry = entry;
        _input = connection.Transport.Input;
        _output = connection.Transport.Output;
        _sender = connection.Transport.Output as ISequenceSend;
        _direct = connection.Transport.Output as DirectWriter;
        _connectedAt = services.Heartbeat.Now;
        Reader = new Http1RequestReader(Request);
    }

    public Http1RequestReader Reader { get; }

    /// <summary>Whether the connection can carry another request after this one.</summary>
    public bool KeepAlive { get; set; }

    /// <summary>Whether the connection is to be read on for a moment before it is closed: unread bytes would reset it.</summary>
    public bool NeedsLinger => !_body.IsEnded || _mayStillSend || Error.BreaksFraming();

    public override bool HasRequestBody => _framing.Kind != BodyKind.None;

    public override void Begin(ProxySnapshot snapshot, ListenerRules rules)
    {
        base.Begin(snapshot, rules);
        Reader.Begin(rules.RequestHead);
        KeepAlive = false;
        RequestFraming = default;
        _framing = default;
        _expectsContinue = false;
        _mayStillSend = false;
        _body.Begin(_input, default, null, 0);
        RequestBody = _body;
    }

    /// <summary>
    /// Watches the client while its request is worked on: with a transport that receives only when read, its leaving would go
    /// unnoticed. The receive is the one the next request needs anyway.
    /// </summary>
    public override void WatchClient()
    {
        if (_body.IsEnded)
        {
            // Below TLS as well: what arrives there unread ends the wait for the client's leaving, no more.
            (_connection as SocketConnection)?.Input.Prefetch();
        }
    }

    /// <summary>Takes a complete head: decides framing, path and forwarding before anybody sees the request.</summary>
    /// <param name="hasMore">Whether more bytes of this client have come already.</param>
    public void AcceptHead(bool hasMore)
    {
        Stats.Started = Stats.TimeProvider.GetTimestamp();
        Stats.RequestHeadBytes = Reader.HeadBytes;
        Loop = (_connection as SocketConnection)?.Loop ?? EventLoop.Current ?? Loop ?? RuntimeLoop.Next();
        Downstream.RequestNumber++;
        ForwardingHeaders.Accept(this);
        Error = Judge(hasMore);
    }

    /// <summary>Takes a head that could not be read.</summary>
    public void RefuseHead(in ProxyError error)
    {
        Stats.Started = Stats.TimeProvider.GetTimestamp();
        Stats.RequestHeadBytes = Reader.HeadBytes;
        Downstream.RequestNumber++;

        // What of it could be read is no more to be believed than a whole head; and its reply has a request id as well.
        ForwardingHeaders.Accept(this);
        Error = Limits.IsTimeout(Limits.Of(error)) ? error : OverLimit(error);
    }

    /// <summary>Gives the buffers back when the connection is over.</summary>
    public async ValueTask ReleaseAsync()
    {
        await SettleAsync();
        await SettleClosedAsync();
        if (Snapshot is not null)
        {
            Begin(Snapshot, Rules);
        }
    }

    /// <summary>Passes what was read of the request's body. True when nothing is left of it: the connection stands at the next request.</summary>
    public bool PassBody()
    {
        _body.Advance();
        return _body.IsEnded;
    }

    /// <summary>Reads away what is left of the request's body, if that is little; after <see cref="PassBody"/>. True when the connection stands at the next request.</summary>
    public async ValueTask<bool> DrainAsync()
    {
        if (!CanDrain())
        {
            return false;
        }

        var drained = 0L;
        while (drained <= MaxDrain)
        {
            AwaitRequestBody(true);
            var read = await _body.ReadAsync();
            AwaitRequestBody(false);
            if (read.Status == BodyStatus.Canceled && BreakKind == ProxyErrorKind.None)
            {
                // Meant for the pump, which was not reading.
                continue;
            }

            if (read.Status is not (BodyStatus.Data or BodyStatus.End))
            {
                return false;
            }

            drained += read.Data.Length;
            _body.Advance();
            if (_body.IsEnded)
            {
                return true;
            }
        }

        return false;
    }

    public override void CancelRequestRead() => _input.CancelPendingRead();

    /// <summary>Makes the connection readable past the exchange, for a lingering close of at most this long.</summary>
    public void BeginLinger(long milliseconds)
    {
        _body.Advance();
        ReadTimedOut = false;
        AwaitHead(milliseconds, Limit.None);
    }

    protected override long RequestBytesRead => _body.Total;

    /// <summary>
    /// The client was promised nothing and has sent nothing: it may leave the body out after a final response, and the next request
    /// could not be told from it (RFC 9110 §10.1.1).
    /// </summary>
    protected override bool MayLeaveBodyOut => _expectsContinue && _body.Total == 0;

    protected override void OnClientLost() => KeepAlive = false;

    protected override void Cut()
    {
        KeepAlive = false;
        ConnectionReset.Abort(_connection);
    }

    public override async ValueTask InviteRequestBodyAsync()
    {
        if (_expectsContinue && !_body.HasBegun)
        {
            _expectsContinue = false;
            Request.Headers.Remove(KnownHeader.Expect);
            WriteRaw("HTTP/1.1 100 Continue\r\n\r\n"u8);
            await FlushAsync();
        }
    }

    private ProxyError Judge(bool hasMore)
    {
        var error = Http1Framing.ForRequest(Request, out _framing);
        if (error.IsError)
        {
            return error;
        }

        RequestFraming = _framing;
        _body.Begin(_input, _framing, _framing.Kind == BodyKind.Chunked ? Request.Trailers : null, Rules.RequestHead.MaxHeadBytes, Rules.MaxRequestBody);
        KeepAlive = _framing.KeepAlive && MayServeMore();
        if (_framing.Kind == BodyKind.None && Request.Version == HttpVersionKind.Http10 && !_framing.KeepAlive && hasMore)
        {
            // HTTP/1.0 has no pipelining: bytes behind a last request belong to no message.
            return ProxyError.Downstream(ProxyErrorKind.BadRequest, "data_after_request");
        }

        if (_framing.Kind == BodyKind.Length && _framing.Length > Rules.MaxRequestBody)
        {
            return OverLimit(ProxyError.Downstream(ProxyErrorKind.BodyTooLarge));
        }

        if (Request.MethodKind == HttpMethodKind.Connect && !Snapshot.AllowConnect)
        {
            return ProxyError.Downstream(ProxyErrorKind.MethodNotAllowed, "connect");
        }

        _expectsContinue = Http1Framing.ExpectsContinue(Request, out var unknown) && Request.Version == HttpVersionKind.Http11;
        if (unknown)
        {
            return ProxyError.Downstream(ProxyErrorKind.ExpectationFailed);
        }

        IsUpgrade = Http1Framing.IsUpgradeRequest(Request);

        // Before any filter: a client must not strip a field that a filter adds by nominating it in Connection.
        HopByHop.RemoveFromRequest(Request, IsUpgrade);
        return PathNormalizer.Apply(Request, Snapshot.Paths);
    }

    private bool CanDrain() => !MayLeaveBodyOut && (_framing.Kind != BodyKind.Length || _framing.Length - _body.Total <= MaxDrain);

    /// <summary>Whether the connection may carry another request, as far as its age, its number of requests and the load go.</summary>
    private bool MayServeMore()
    {
        var limit = Rules.MaxRequestsPerConnection > 0 && Downstream.RequestNumber >= Rules.MaxRequestsPerConnection ? Limit.RequestsPerConnection
            : Rules.ConnectionDuration > 0 && Heartbeat.Now - _connectedAt >= Rules.ConnectionDuration ? Limit.ConnectionDuration
            : Services.Load.Stage >= OverloadStage.Close ? Limit.OverloadClose
            : Limit.None;
        Services.Limits.Reached(limit);
        return limit == Limit.None;
    }

    private void WriteRaw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_output.GetSpan(bytes.Length));
        _output.Advance(bytes.Length);
    }

    /// <summary>Waits until a response that was to be sent soon is sent: before the connection is closed.</summary>
    public async ValueTask FlushRestAsync()
    {
        if (_direct?.IsSending() == true)
        {
            await FlushAsync();
        }
    }

    /// <summary>The last of a response. Where the connection goes on, the loop sends it when it comes to it.</summary>
    private ValueTask<bool> FlushLastAsync()
    {
        if (!KeepAlive || _direct?.TryFlushSoon() != true)
        {
            return FlushAsync();
        }

        EndWrite();
        return new ValueTask<bool>(true);
    }

    /// <summary>False when the client is gone.</summary>
    private ValueTask<bool> FlushAsync()
    {
        try
        {
            var flush = _output.FlushAsync();
            if (!flush.IsCompletedSuccessfully)
            {
                return FlushAsync(flush);
            }

            EndWrite();
            return new ValueTask<bool>(!flush.Result.IsCompleted);
        }
        catch (Exception e) when (IsGone(e))
        {
            EndWrite();
            return new ValueTask<bool>(false);
        }
    }

    [AsyncMethodBuilder(typeof(PooledValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FlushAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            AwaitWrite();
            return !(await flush).IsCompleted;
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
}
