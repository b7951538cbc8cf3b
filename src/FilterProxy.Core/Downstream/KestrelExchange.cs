using System.Runtime.CompilerServices;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Routing;
using FilterProxy.Core.Transport;
using FilterProxy.Core.Upstream;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Core.Downstream;

/// <summary>
/// An exchange whose client speaks a protocol of Kestrel's engine: HTTP/2. Owned and reused by its <see cref="KestrelConnection"/>; the
/// stream is Kestrel's, as features, until <see cref="RunAsync"/> ends.
/// </summary>
internal sealed partial class KestrelExchange : DownstreamExchange
{
    private readonly KestrelBodyReader _body = new();
    private IFeatureCollection _stream = null!;
    private IHttpRequestFeature _request = null!;
    private IHttpRequestLifetimeFeature _lifetime = null!;
    private MessageFraming _framing;
    private bool _expectsContinue;
    private volatile bool _isOver;
    private volatile bool _isTaken;
    private ProxySnapshot? _held;
    private CancellationTokenRegistration _watch;
    private Deadline _watchDeadline;
    private Deadline _abortDeadline;
    private Deadline _continueDeadline;

    /// <summary>Milliseconds an upstream may take to ask for the body before the client is told to send it all the same.</summary>
    private const long ContinuePatience = 1000;

    public KestrelExchange(KestrelConnection connection, ProxyServices services)
        : base(services)
    {
        Connection = connection;
        Loop = connection.Loop;
        RequestBody = _body;
    }

    public KestrelConnection Connection { get; }

    /// <summary>The snapshot it runs under; null while it serves no stream.</summary>
    public ProxySnapshot? Held => Volatile.Read(ref _held);

    /// <summary>Whether the connection was over before the stream began: then there is nobody to serve.</summary>
    public bool IsTooLate { get; init; }

    public override bool HasRequestBody => _framing.Kind != BodyKind.None;

    protected override long RequestBytesRead => _body.Total;

    protected override bool MayLeaveBodyOut => _expectsContinue && _body.Total == 0;

    /// <summary>Takes a stream over.</summary>
    public void Attach(IFeatureCollection stream)
    {
        _stream = stream;
        _request = Feature<IHttpRequestFeature>();
        _lifetime = Feature<IHttpRequestLifetimeFeature>();
    }

    // Kestrel's stream is most of its features itself; to be asked for them it compares types one after the other.
    private T Feature<T>()
        where T : class => _stream as T ?? _stream.GetRequiredFeature<T>();

    private T? FeatureIfAny<T>()
        where T : class => _stream as T ?? _stream.Get<T>();

    /// <summary>The exchange, from its head to its log. Kestrel ends the stream when it is over.</summary>
    public async Task RunAsync()
    {
        if (IsTooLate)
        {
            return;
        }

        // Kestrel begins every stream on the thread pool. On the loop its upstream connection is one of the loop's own: no thread wakes
        // another for it, and nothing is received in vain.
        await Hop.BackTo(Loop);
        if (Connection.Streams?.TryServe(_stream) is { } serving)
        {
            await ServeElsewhereAsync(serving);
            return;
        }

        Begin();
        await HttpPipeline.RunAsync(this);
        _isOver = true;
        if (!HasResponseStarted)
        {
            // Kestrel would answer for us.
            Cut();
        }

        await EndWatchAsync();
        ReleaseHeads();
        Volatile.Write(ref _held, null);
        if (HasRequestBody && !_body.IsEnded && !_wasCut && !MayLeaveBodyOut && !IsUpgrade)
        {
            await LingerAsync();
        }
    }

    /// <summary>
    /// Ends the response before the request has ended, and gives the client time to see it. Kestrel resets a stream whose request it has not
    /// read to the end, without an error (RFC 9113 §8.1); clients that read both at once, curl among them, take that for a failure.
    /// </summary>
    private async Task LingerAsync()
    {
        using var limit = new CancellationTokenSource(LastWord.LingerTime, Stats.TimeProvider);
        try
        {
            await Feature<IHttpResponseBodyFeature>().CompleteAsync();
            await _body.DropRestAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // It has had its time, or is gone.
        }
    }

    /// <summary>Whether its stream is no request: another serves it.</summary>
    public bool IsTaken => _isTaken;

    private async Task ServeElsewhereAsync(Task serving)
    {
        _isTaken = true;
        try
        {
            await serving;
        }
        finally
        {
            _isTaken = false;
        }
    }

    /// <summary>The connection is over.</summary>
    public void Release() => Downstream.IsClosed = true;

    /// <summary>Ends the exchange with the next heartbeat: the time to drain is over.</summary>
    public void AbortSoon()
    {
        if (Held is not null)
        {
            _abortDeadline.Arm(Heartbeat, 1);
        }
    }

    public override bool HasDue(long now) =>
        base.HasDue(now) || _watchDeadline.IsDue(now) || _abortDeadline.IsDue(now) || _continueDeadline.IsDue(now);

    public override void FireDeadlines(long now)
    {
        base.FireDeadlines(now);
        if (_watchDeadline.TryFire(now))
        {
            // Only what takes longer than a heartbeat is watched: the token costs two objects, and most exchanges are over by then.
            _watch = _lifetime.RequestAborted.UnsafeRegister(static exchange => ((KestrelExchange)exchange!).OnClientGone(), this);
            _watchDeadline.EndFiring();
        }

        if (_continueDeadline.TryFire(now))
        {
            _body.GiveLeave();
            _continueDeadline.EndFiring();
        }

        if (_abortDeadline.TryFire(now))
        {
            Break(ProxyErrorKind.DownstreamClosed, AbortReason.Shutdown);
            Cut();
            _abortDeadline.EndFiring();
        }
    }

    public override void CancelRequestRead() => _body.Cancel();

    /// <summary>Kestrel reads all the time: it needs no help to see a client leave.</summary>
    public override void WatchClient()
    {
    }

    protected override bool TrySettleDeadlines() =>
        base.TrySettleDeadlines() & _watchDeadline.TrySettle() & _abortDeadline.TrySettle() & _continueDeadline.TrySettle();

    public override ValueTask InviteRequestBodyAsync()
    {
        if (_expectsContinue)
        {
            Request.Headers.Remove(KnownHeader.Expect);
            GiveLeave();
        }

        return default;
    }

    private void Begin()
    {
        var snapshot = Hold();
        base.Begin(snapshot, Connection.Entry.RulesOf(snapshot, this));
        _isOver = false;
        _wasCut = false;
        _framing = RequestFraming = default;
        _expectsContinue = false;
        Stats.Started = Stats.TimeProvider.GetTimestamp();
        _watchDeadline.Arm(Heartbeat, 1);
        var error = KestrelHead.Read(_request, Request, Rules.RequestHead, out var headBytes);
        Stats.RequestHeadBytes = headBytes;
        ForwardingHeaders.Accept(this);
        Connection.LimitRequests(this);
        Error = error.IsError ? OverLimit(error) : Judge();
        _body.Begin(
            Feature<IRequestBodyPipeFeature>().Reader,
            !HasRequestBody,
            Rules.MaxRequestBody,
            _expectsContinue,
            FeatureIfAny<IHttpRequestTrailersFeature>(),
            Request.Trailers);
        RequestBody = _body;
        if (_expectsContinue)
        {
            _continueDeadline.Arm(Heartbeat, ContinuePatience);
        }
    }

    /// <summary>
    /// Takes the snapshot in force. Who swaps it and then looks for its holders either sees this one or is seen by the second look
    /// (<see cref="SnapshotStore.Swap"/> has the fence).
    /// </summary>
    private ProxySnapshot Hold()
    {
        while (true)
        {
            var snapshot = Connection.CurrentSnapshot;
            Volatile.Write(ref _held, snapshot);
            if (ReferenceEquals(snapshot, Connection.CurrentSnapshot))
            {
                return snapshot;
            }
        }
    }

    private ProxyError Judge()
    {
        var hasBody = FeatureIfAny<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        var error = Http1Framing.ForRequest(Request, out _framing);
        if (error.IsError)
        {
            return error;
        }

        if (!hasBody)
        {
            _framing = default;
        }
        else if (!Request.Headers.Contains(KnownHeader.ContentLength))
        {
            _framing = new MessageFraming(BodyKind.Chunked, 0, true);
        }

        RequestFraming = _framing;
        if (_framing.Kind == BodyKind.Length && _framing.Length > Rules.MaxRequestBody)
        {
            return OverLimit(ProxyError.Downstream(ProxyErrorKind.BodyTooLarge));
        }

        if (Request.MethodKind == HttpMethodKind.Connect && !TryMakeUpgrade())
        {
            return ProxyError.Downstream(ProxyErrorKind.MethodNotAllowed, "connect");
        }

        _expectsContinue = Http1Framing.ExpectsContinue(Request, out var unknown) && HasRequestBody;
        if (unknown)
        {
            return ProxyError.Downstream(ProxyErrorKind.ExpectationFailed);
        }

        HopByHop.RemoveFromRequest(Request, IsUpgrade);
        return PathNormalizer.Apply(Request, Snapshot.Paths);
    }

    private void GiveLeave()
    {
        _expectsContinue = false;
        _continueDeadline.Disarm();
        _body.GiveLeave();
    }

    /// <summary>The client reset the stream, or its connection is gone.</summary>
    private void OnClientGone()
    {
        if (!_isOver && !_wasCut && !Upstream.IsSwitched)
        {
            Break(ProxyErrorKind.DownstreamClosed, AbortReason.ClientClosed);
        }
    }

    [AsyncMethodBuilder(typeof(FilterProxy.Core.Buffers.PooledValueTaskMethodBuilder))]
    private async ValueTask EndWatchAsync()
    {
        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }

        // Waits for a callback that is running: the next exchange must not be broken off for this one's client.
        _watch.Dispose();
        _watch = default;
    }
}
