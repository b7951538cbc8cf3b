using System.IO.Pipelines;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The upstream half of an exchange with a peer that takes whole requests: HTTP/2 by the framework's client, or what an
/// <see cref="IHttpConnector"/> has.
/// </summary>
/// <remarks>
/// What that client cannot pass on is dropped: trailers of requests, and interim responses but 100 (Continue), which it handles itself.
/// </remarks>
internal sealed class Http2Upstream(ProxyExchange exchange) : HttpUpstream(exchange)
{
    private readonly StreamBody _body = new();
    private readonly StreamBodyWriter _writer = new();
    private Http2Call? _call;
    private IDuplexPipe? _switched;

    public override bool MayBeRefused => true;

    public override BodyReader Body => _body;

    public override long BodyBytes => _body.Total;

    public override IDuplexPipe Switched => _switched!;

    /// <summary>Sends the request and takes the head of the response into the exchange.</summary>
    public async ValueTask<ProxyError> SendAsync(HttpPool pool)
    {
        BeginAttempt();
        _switched = null;
        _body.BeginEmpty();
        await PrepareAsync();
        if (X.HasReply)
        {
            return default;
        }

        var call = new Http2Call(this);
        var error = Http2Request.Fill(call, X, this);
        if (error.IsError)
        {
            call.Dispose();
            return error;
        }

        Interlocked.Exchange(ref _call, call);
        if (X.BreakError is { } broken)
        {
            return broken;
        }

        if (IsLost)
        {
            return HedgeRace.Lost;
        }

        try
        {
            ArmTry();
            AwaitConnection(pool.TellsStreams ? (long)pool.ConnectTimeout.TotalMilliseconds : 0);
            if (!pool.TellsStreams)
            {
                OnStream(call);
            }

            call.Response = await pool.Invoker.SendAsync(call, call.Aborted);
            if (X.Race?.TryWin(this, (int)call.Response.StatusCode) == false)
            {
                return HedgeRace.Lost;
            }

            return await AcceptAsync(call, call.Response);
        }
        catch (Exception e) when (X.CurrentFilter is null)
        {
            return Failure(call, pool, e);
        }
        finally
        {
            DisarmDeadlines();
        }
    }

    /// <summary>The request has its stream: from any thread, and again when the client repeats it.</summary>
    public void OnStream(Http2Call call)
    {
        if (call.HasStream)
        {
            return;
        }

        call.HasStream = true;
        BeginUse(reused: !call.OpenedConnection);
        if (call.Content is Http2RequestContent)
        {
            // Told by the pump when it is through; until then its own deadlines hold.
            AwaitBody(false);
        }
        else
        {
            OnRequestSent();
        }
    }

    /// <summary>The client takes the body.</summary>
    public async Task SendBodyAsync(Http2Call call, Stream stream, CancellationToken cancel)
    {
        if (!call.TryTakeBody())
        {
            throw new IOException("A body is sent once; to send it again is another attempt.");
        }

        var sent = false;
        try
        {
            await X.InviteRequestBodyAsync();
            _writer.Begin(stream, X.RequestFraming.Kind == BodyKind.Length ? X.RequestFraming.Length : -1, cancel);
            Pump.Begin(this, _writer);
            if (call.IsEnding)
            {
                Pump.Stop();
            }

            sent = await Pump.RunAsync();
        }
        finally
        {
            call.EndBody(sent);
        }

        if (!sent)
        {
            // To end normally would make it look complete. What the client threw it knows how to read, e.g. that the stream was refused.
            throw _writer.Failure is null ? new IOException("The request's body broke off.") : _writer.Failure;
        }
    }

    public override void Abort() => Volatile.Read(ref _call)?.Abort();

    public override void AbandonResponse()
    {
        if (HasResponse && !_body.IsEnded)
        {
            Abort();
        }
    }

    public override async ValueTask EndAttemptAsync()
    {
        if (_call is not { } call)
        {
            return;
        }

        AwaitBody(false);
        if (call.CloseBody())
        {
            if (!call.Pumped.IsCompleted)
            {
                Pump.Stop();
                call.Abort();
            }

            await call.Pumped;
            Pump.End();
        }

        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }

        Volatile.Write(ref _call, null);
        _body.Release();

        // A response that was not read to its end is reset here.
        call.Response?.Dispose();
        call.Dispose();
    }

    private async ValueTask<ProxyError> AcceptAsync(Http2Call call, HttpResponseMessage message)
    {
        var response = X.Response;
        if (!TryEndAwaitHead())
        {
            return TryTimeout();
        }

        response.Reset();
        response.Block.Reset();
        response.StatusCode = (int)message.StatusCode;
        response.Version = message.Version.Major >= 2 ? HttpVersionKind.Http2 : HttpVersionKind.Http11;
        if (response.StatusCode is < 200 or > 599)
        {
            return ProxyError.Upstream(ProxyErrorKind.BadResponse, detail: "bad_status_code");
        }

        var error = Http2Fields.CopyResponse(message, response, X.Rules.ResponseHead);
        if (error.IsError)
        {
            return error;
        }

        if (call.Headers.Protocol is not null && response.StatusCode < 300)
        {
            return await SwitchAsync(call, message);
        }

        // RFC 9113 §8.2.2: no field of a connection has a meaning here, and this one least of all.
        response.Headers.Remove(KnownHeader.TransferEncoding);
        error = Http1Framing.ForResponse(response, X.AttemptHead.MethodKind, out var framing);
        if (error.IsError)
        {
            return error;
        }

        HopByHop.RemoveFromResponse(response, keepUpgrade: false);
        Stage = UpstreamStage.Body;
        HasResponse = true;
        X.Stats.ResponseStarted = X.Stats.TimeProvider.GetTimestamp();
        if (framing.Kind != BodyKind.None)
        {
            var stream = await message.Content.ReadAsStreamAsync();
            var length = framing.Kind == BodyKind.Length ? framing.Length : -1;
            _body.Begin(stream, message, length, response.Trailers, X.Rules.ResponseHead.MaxHeadBytes, call.Aborted);
            if (framing.Kind == BodyKind.UntilClose && _body.IsEmpty())
            {
                framing = default;
            }
        }

        ResponseFraming = framing;
        return default;
    }

    /// <summary>A WebSocket over extended CONNECT (RFC 8441) becomes what its client asked for, a switch of protocols.</summary>
    private async ValueTask<ProxyError> SwitchAsync(Http2Call call, HttpResponseMessage message)
    {
        var stream = await message.Content.ReadAsStreamAsync();
        call.OnAbort(static s => ((Stream)s!).Dispose(), stream);
        _switched = new StreamConnection(stream, null, null);
        WebSocketSwitch.Accept(X.AttemptHead, X.Response);
        IsSwitched = true;
        Stage = UpstreamStage.Body;
        HasResponse = true;
        X.Stats.ResponseStarted = X.Stats.TimeProvider.GetTimestamp();
        return default;
    }

    private ProxyError Failure(Http2Call call, HttpPool pool, Exception exception)
    {
        if (Pump.Error.IsError && call.Pumped.IsCompleted)
        {
            return Pump.Error;
        }

        if (X.BreakError is { } broken)
        {
            return broken;
        }

        if (TryTimedOut)
        {
            return Stage == UpstreamStage.Connect
                ? ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, Limits.DetailOf(Limit.PerTry), exception)
                : TryTimeout();
        }

        if (ConnectTimedOut)
        {
            return pool.Connecting > 0
                ? ProxyError.Upstream(ProxyErrorKind.ConnectTimeout, retryable: true, Limits.DetailOf(Limit.Connect), exception)
                : ProxyError.Upstream(ProxyErrorKind.Overloaded, retryable: false, Limits.DetailOf(Limit.PoolMax), exception);
        }

        var error = Http2Errors.Of(exception, out var refused);
        if (!pool.TellsStreams && exception is UpstreamException)
        {
            // As IHttpConnector has it: nothing was sent.
            Stage = UpstreamStage.Connect;
        }

        WasRefused = refused;
        if (call.WasRepeated && !error.Retryable)
        {
            WasRefused = true;
            return ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, retryable: true, "stream_refused", exception);
        }

        WasRefused |= call.WasRepeated;
        return error;
    }
}
