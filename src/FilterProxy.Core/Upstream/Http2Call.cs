using System.Net;
using FilterProxy.Core.Clusters.Http2;

namespace FilterProxy.Core.Upstream;

/// <summary>One attempt over <see cref="Http2Upstream"/>: the request as the client takes it, its body and its end.</summary>
internal sealed class Http2Call : UpstreamMessage
{
    private const int BodyUnasked = 0, BodyTaken = 1, BodyClosed = 2;
    private readonly Http2Upstream _upstream;
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource<bool> _pumped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _body;
    private int _isConnecting;

    public Http2Call(Http2Upstream upstream)
    {
        _upstream = upstream;
        Version = HttpVersion.Version20;
        VersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }

    /// <summary>Cancelled by <see cref="Abort"/>.</summary>
    public CancellationToken Aborted => _abort.Token;

    /// <summary>Completes when the pump of the body has ended.</summary>
    public Task<bool> Pumped => _pumped.Task;

    /// <summary>Whether the attempt is ending: a body that begins now must not be sent.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>Whether a connection was opened for this very request.</summary>
    public bool OpenedConnection => Volatile.Read(ref _isConnecting) != 0;

    /// <summary>Whether the client began to send the request a second time, which it does where the upstream refused the first.</summary>
    public bool WasRepeated { get; private set; }

    /// <summary>The response, once there is one.</summary>
    public HttpResponseMessage? Response { get; set; }

    /// <summary>Set once the request has had a stream; the endpoint counts it from then on.</summary>
    public bool HasStream { get; set; }

    public override void OnStream() => _upstream.OnStream(this);

    public override void OnConnecting() => Volatile.Write(ref _isConnecting, 1);

    /// <summary>Breaks it off, from any thread. What waits for it goes on elsewhere, never inside this call.</summary>
    public void Abort() => _ = _abort.CancelAsync();

    /// <summary>Makes it break off when told to; for what does not look at <see cref="Aborted"/> itself.</summary>
    public void OnAbort(Action<object?> callback, object state) => _abort.Token.UnsafeRegister(callback, state);

    /// <summary>Takes the right to send the body, which there is once.</summary>
    public bool TryTakeBody()
    {
        var before = Interlocked.CompareExchange(ref _body, BodyTaken, BodyUnasked);
        WasRepeated |= before == BodyTaken;
        return before == BodyUnasked;
    }

    /// <summary>The body is over. True when it was sent whole.</summary>
    public void EndBody(bool sent) => _pumped.TrySetResult(sent);

    /// <summary>From here on nobody begins to send the body. True when somebody has.</summary>
    public bool CloseBody()
    {
        IsEnding = true;
        return Interlocked.CompareExchange(ref _body, BodyClosed, BodyUnasked) == BodyTaken;
    }
}
