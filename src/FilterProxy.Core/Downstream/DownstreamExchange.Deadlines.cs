using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Downstream;

/// <summary>The times an exchange is given, and what happens when one is over.</summary>
internal abstract partial class DownstreamExchange
{
    private Deadline _readDeadline;
    private Deadline _writeDeadline;
    private Deadline _totalDeadline;
    private Deadline _idleDeadline;
    private Deadline _closedDeadline;
    private MinimumRate _requestRate;
    private MinimumRate _responseRate;

    // What a deadline stands for, written before it is armed.
    private Limit _readLimit, _writeLimit, _totalLimit;
    private long _idleTimeout, _idleSince, _idleProgress;

    /// <summary>Whether the client was too slow with what <see cref="AwaitHead"/> or a body read waited for.</summary>
    public bool ReadTimedOut { get; protected set; }

    /// <summary>Arms or disarms the deadline for the client to send a head.</summary>
    public void AwaitHead(long milliseconds, Limit limit)
    {
        _readLimit = limit;
        _readDeadline.Arm(Heartbeat, milliseconds);
    }

    public override void AwaitRequestBody(bool awaiting)
    {
        if (!awaiting)
        {
            _readDeadline.Disarm();
            _requestRate.EndWait(Heartbeat.Now);
            return;
        }

        // Who waits for 100 (Continue) is not slow: the upstream is.
        var time = Rules.BodyTimeout;
        _readLimit = Limit.BodyTimeout;
        if (Rules.RequestBodyRate > 0 && !MayLeaveBodyOut)
        {
            var left = _requestRate.BeginWait(Heartbeat.Now, RequestBytesRead, Rules.RequestBodyRate, time);
            (time, _readLimit) = time == 0 || left < time ? (left, Limit.RequestBodyRate) : (time, Limit.BodyTimeout);
        }

        _readDeadline.Arm(Heartbeat, time);
    }

    /// <summary>The client has ended its side. A short grace lets one that only half-closed still get its answer.</summary>
    public void OnPeerEnded() => _closedDeadline.Arm(Heartbeat, 200);

    /// <inheritdoc/>
    public override void Begin(ProxySnapshot snapshot, ListenerRules rules)
    {
        base.Begin(snapshot, rules);
        ReadTimedOut = false;
        _requestRate.Begin(rules.RateGrace);
        _responseRate.Begin(rules.RateGrace);
    }

    /// <summary>Whether a deadline of this exchange is due.</summary>
    public virtual bool HasDue(long now) =>
        _readDeadline.IsDue(now) || _writeDeadline.IsDue(now) || _totalDeadline.IsDue(now) || _idleDeadline.IsDue(now)
        || _closedDeadline.IsDue(now) || Upstream.HasDue(now) || Rival?.HasDue(now) == true;

    /// <summary>Fires what is due. What that wakes up may run the exchange to its end before this returns.</summary>
    public virtual void FireDeadlines(long now)
    {
        if (_readDeadline.TryFire(now))
        {
            ReadTimedOut = true;
            Break(ProxyErrorKind.RequestTimeout, AbortReason.ClientTimeout, _readLimit);
            CancelRequestRead();
            _readDeadline.EndFiring();
        }

        if (_writeDeadline.TryFire(now))
        {
            Break(ProxyErrorKind.DownstreamClosed, AbortReason.ClientTimeout, _writeLimit);
            Cut();
            _writeDeadline.EndFiring();
        }

        if (_totalDeadline.TryFire(now))
        {
            Break(ProxyErrorKind.RouteTimeout, AbortReason.RouteTimeout, _totalLimit);
            _totalDeadline.EndFiring();
        }

        if (_idleDeadline.TryFire(now))
        {
            FireIdle(now);
        }

        if (_closedDeadline.TryFire(now))
        {
            if (!Upstream.IsSwitched)
            {
                Break(ProxyErrorKind.DownstreamClosed, AbortReason.ClientClosed);
            }

            _closedDeadline.EndFiring();
        }

        Upstream.FireDeadlines(now);
        Rival?.FireDeadlines(now);
    }

    /// <summary>Waits for a deadline that is firing: until then it can be neither reused nor armed again.</summary>
    public async ValueTask SettleAsync()
    {
        while (!TrySettleDeadlines())
        {
            await Hop.OffLoop();
        }
    }

    protected override void ArmRoute(Route route)
    {
        if (route.TotalTimeout > 0)
        {
            _totalLimit = Limit.RouteTotal;
            _totalDeadline.Arm(Heartbeat, route.TotalTimeout);
        }

        if (route.IdleTimeout > 0)
        {
            _idleTimeout = route.IdleTimeout;
            _idleSince = Heartbeat.Now;
            _idleProgress = Progress;
            _idleDeadline.Arm(Heartbeat, IdleStep);
        }
    }

    protected override bool TrySettleDeadlines() =>
        _readDeadline.TrySettle() & _writeDeadline.TrySettle() & _totalDeadline.TrySettle() & _idleDeadline.TrySettle();

    protected void AwaitWrite()
    {
        var time = Rules.WriteTimeout;
        _writeLimit = Limit.WriteTimeout;
        if (Rules.ResponseBodyRate > 0)
        {
            var left = _responseRate.BeginWait(Heartbeat.Now, Stats.ResponseBodyBytes, Rules.ResponseBodyRate, time);
            (time, _writeLimit) = time == 0 || left < time ? (left, Limit.ResponseBodyRate) : (time, Limit.WriteTimeout);
        }

        _writeDeadline.Arm(Heartbeat, time);
    }

    protected void EndWrite()
    {
        _writeDeadline.Disarm();
        _responseRate.EndWait(Heartbeat.Now);
    }

    /// <summary>After a switch of protocols: the exchange's own times are over, those of a relay begin.</summary>
    protected void BeginRelay()
    {
        Phases?.Enter("relay");
        LeaveGate();
        _readLimit = Limit.UpgradeIdleTimeout;
        _totalLimit = Limit.UpgradeDuration;
        _totalDeadline.Arm(Heartbeat, Rules.UpgradeDuration);
        AwaitRelay();
    }

    /// <summary>Bytes of the relay moved, in either direction.</summary>
    protected void AwaitRelay() => _readDeadline.Arm(Heartbeat, Rules.UpgradeIdleTimeout);

    /// <summary>The relay is over.</summary>
    protected void EndRelay()
    {
        _readDeadline.Disarm();
        _totalDeadline.Disarm();
    }

    /// <summary>Waits until the client's end of the connection is no longer being acted on.</summary>
    protected async ValueTask SettleClosedAsync()
    {
        while (!_closedDeadline.TrySettle())
        {
            await Hop.OffLoop();
        }
    }

    // Nobody arms anything when a byte moves: that some have moved is seen when it is looked, a few times within the timeout.
    private void FireIdle(long now)
    {
        if (Progress is var progress && progress != _idleProgress)
        {
            _idleProgress = progress;
            _idleSince = now;
        }

        var left = _idleTimeout - (now - _idleSince);
        if (left > 0 && !Upstream.IsSwitched)
        {
            _idleDeadline.Postpone(Heartbeat, Math.Min(left, IdleStep));
            return;
        }

        if (!Upstream.IsSwitched)
        {
            Break(ProxyErrorKind.RouteTimeout, AbortReason.RouteTimeout, Limit.RouteIdle);
        }

        _idleDeadline.EndFiring();
    }

    private long IdleStep => Math.Max(1, _idleTimeout / 4);

    /// <summary>A number that changes with every byte that moves, and with every response head.</summary>
    private long Progress => RequestBytesRead + Upstream.BodyBytes + Stats.ResponseBodyBytes + Stats.ResponseStarted + Attempt;
}
