using System.IO.Pipelines;
using FilterProxy.Core.Buffers;
using FilterProxy.Core.Http1;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Upstream;

/// <summary>
/// The upstream half of an exchange, whatever protocol the peer speaks: how far the attempt has come and the times it is given. Reused
/// by its exchange, one attempt after the other; the protocol is in the derived class.
/// </summary>
internal abstract class HttpUpstream(ProxyExchange exchange)
{
    private Deadline _readDeadline;
    private Deadline _tryDeadline;
    private long _tryBegan;
    private volatile bool _tryTimedOut;
    private volatile bool _connectTimedOut;
    private volatile bool _awaitsConnection;
    private volatile bool _isLost;

    /// <summary>How far the attempt has come.</summary>
    public UpstreamStage Stage { get; protected set; }

    /// <summary>Whether its connection had served before, so that it may have died unnoticed.</summary>
    public bool IsReused { get; protected set; }

    /// <summary>Whether the upstream says that it did nothing with the request: whatever its method, it may be sent again.</summary>
    public bool WasRefused { get; protected set; }

    /// <summary>Whether this protocol lets an upstream refuse a request like that: then the beginning of every body is kept.</summary>
    public virtual bool MayBeRefused => false;

    /// <summary>When the attempt began, in heartbeat milliseconds.</summary>
    public long Began => _tryBegan;

    /// <summary>How the response's body is framed.</summary>
    public MessageFraming ResponseFraming { get; protected set; }

    /// <summary>Whether the upstream switched protocols (101, or 2xx to CONNECT): what follows is no HTTP.</summary>
    public bool IsSwitched { get; protected set; }

    /// <summary>Whether the request's body is still on its way.</summary>
    public bool IsPumping => Pump.IsRunning;

    /// <summary>The response's body.</summary>
    public abstract BodyReader Body { get; }

    /// <summary>Bytes of it that have come.</summary>
    public abstract long BodyBytes { get; }

    /// <summary>The bytes after a switch of protocols.</summary>
    public abstract IDuplexPipe Switched { get; }

    protected ProxyExchange X => exchange;

    protected RequestPump Pump => exchange.Pump;

    /// <summary>Whether the head of the final response is there.</summary>
    protected bool HasResponse { get; set; }

    protected bool TryTimedOut => _tryTimedOut;

    protected bool ConnectTimedOut => _connectTimedOut;

    /// <summary>Whether another attempt beside this one has the answer.</summary>
    protected bool IsLost => _isLost;

    /// <summary>Breaks the attempt off, from any thread: reads and writes of it fail.</summary>
    public abstract void Abort();

    /// <summary>Another attempt beside this one has the answer: breaks it off, from any thread.</summary>
    public void Lose()
    {
        _isLost = true;
        Abort();
    }

    /// <summary>
    /// Ends the attempt: stops the pump and gives the connection back, if the message on it is over and clean, or ends the message.
    /// </summary>
    public abstract ValueTask EndAttemptAsync();

    /// <summary>A filter replaced the response: what the upstream still sends is not wanted.</summary>
    public abstract void AbandonResponse();

    /// <summary>The whole request was sent.</summary>
    public void OnRequestSent()
    {
        Stage = Stage == UpstreamStage.Send ? UpstreamStage.Head : Stage;
        if (!HasResponse)
        {
            AwaitHead();
        }
    }

    /// <summary>Whether a deadline of this attempt is due.</summary>
    public bool HasDue(long now) => _readDeadline.IsDue(now) || Pump.HasDue(now) || _tryDeadline.IsDue(now);

    /// <summary>Fires what is due.</summary>
    public void FireDeadlines(long now)
    {
        if (_readDeadline.TryFire(now))
        {
            OnReadTimeout();
            _readDeadline.EndFiring();
        }

        Pump.FireDeadline(now);
        if (_tryDeadline.TryFire(now))
        {
            // The attempt alone is over: another may follow.
            _tryTimedOut = true;
            Abort();
            _tryDeadline.EndFiring();
        }
    }

    /// <summary>Arms or disarms the deadline for more of the response's body.</summary>
    public void AwaitBody(bool awaiting)
    {
        if (awaiting)
        {
            _readDeadline.Arm(X.Heartbeat, X.Timeouts.Read);
        }
        else
        {
            _readDeadline.Disarm();
        }
    }

    /// <summary>Turns all deadlines off. False while one is firing.</summary>
    public bool TrySettleDeadlines() => _readDeadline.TrySettle() & Pump.TrySettleDeadline() & _tryDeadline.TrySettle();

    protected void BeginAttempt()
    {
        Stage = UpstreamStage.Connect;
        IsReused = false;
        IsSwitched = false;
        WasRefused = false;
        HasResponse = false;
        _tryBegan = X.Heartbeat.Now;
        _tryTimedOut = false;
        _connectTimedOut = false;
        _awaitsConnection = false;
        _isLost = false;
        X.Stats.AddAttempt(X.Peer!.Endpoint);
        X.BeginAttemptSpan();
        X.Race?.Enter(this);
    }

    /// <summary>A connection is there.</summary>
    protected void BeginUse(bool reused)
    {
        IsReused = reused;
        X.Stats.UpdateAttempt(reused);
        X.Stats.UpstreamConnected = X.Stats.TimeProvider.GetTimestamp();
        Stage = UpstreamStage.Send;
        X.Phases?.Enter("upstream");
        _awaitsConnection = false;
        ArmTry();
    }

    /// <summary>Arms the deadline of the attempt as a whole.</summary>
    protected void ArmTry()
    {
        if (X.Timeouts.PerTry is > 0 and var perTry)
        {
            _tryDeadline.Arm(X.Heartbeat, Math.Max(1, perTry - (X.Heartbeat.Now - _tryBegan)));
        }
    }

    /// <summary>Arms the deadline for a connection with room for the request; 0 for no limit.</summary>
    protected void AwaitConnection(long milliseconds)
    {
        _awaitsConnection = true;
        _readDeadline.Arm(X.Heartbeat, milliseconds);
    }

    /// <summary>Makes the request of this attempt: an overlay with the forwarding fields, then filters.</summary>
    protected ValueTask PrepareAsync()
    {
        var attempt = X.AttemptHead;
        attempt.CopyFrom(X.Request);
        ForwardingHeaders.Apply(X, attempt);
        X.RetryPolicy?.AttemptField?.Set(attempt.Headers, X.Attempt);

        X.PropagateTrace(attempt);
        return X.Chain.OnUpstreamRequestAsync(X, attempt);
    }

    protected void AwaitHead()
    {
        _readDeadline.Arm(X.Heartbeat, X.Timeouts.ResponseHead);
        X.Race?.OnSent();
    }

    /// <summary>The final head is there. False when it came in the moment the attempt's time was over.</summary>
    protected bool TryEndAwaitHead()
    {
        _readDeadline.Disarm();
        return _tryDeadline.TrySettle() && !_tryTimedOut;
    }

    protected void DisarmDeadlines()
    {
        _readDeadline.Disarm();
        _tryDeadline.Disarm();
    }

    protected static ProxyError TryTimeout() => ProxyError.Upstream(ProxyErrorKind.UpstreamTimeout, detail: Limits.DetailOf(Limit.PerTry));

    private void OnReadTimeout()
    {
        if (_awaitsConnection)
        {
            _connectTimedOut = true;
            Abort();
        }
        else if (HasResponse)
        {
            X.Break(ProxyErrorKind.UpstreamBodyFailed, AbortReason.None, Limit.UpstreamRead);
        }
        else
        {
            X.Break(ProxyErrorKind.UpstreamTimeout, AbortReason.None, Limit.UpstreamResponse);
        }
    }
}
