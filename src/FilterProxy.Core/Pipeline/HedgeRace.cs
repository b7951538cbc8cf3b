using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.Core.Clusters.Retries;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Upstream;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// An attempt, and another beside it on another endpoint once the first takes longer than most: who answers first wins, the other is broken
/// off. One per exchange, reused.
/// </summary>
/// <remarks>
/// The exchange's own flow drives both and goes on when both are over, so nothing of the exchange is used by two at a time: the second
/// begins when the first has nothing left to do but to wait for its answer, and from the first byte on the response is the winner's.
/// </remarks>
internal sealed class HedgeRace(ProxyExchange x)
{
    /// <summary>What an attempt ends with when another has the answer.</summary>
    public static readonly ProxyError Lost = ProxyError.Upstream(ProxyErrorKind.UpstreamClosed, detail: "hedge_lost");

    private readonly Lock _lock = new();
    private Http1Upstream? _spareHttp1;
    private Http2Upstream? _spareHttp2;
    private HttpUpstream? _first, _second, _winner;
    private bool _firstRuns, _secondRuns;
    private int _status;
    private volatile bool _isSent;
    private volatile CancellationTokenSource? _cancel;
    private RetryPlace _place;

    /// <summary>Ends the second attempt's wait for a connection; null while there is none.</summary>
    public CancellationToken? SecondAborted => _cancel?.Token;

    /// <summary>
    /// Whether a request may be sent twice at a time: it changes nothing, has no body, its cluster chose the endpoint and may choose another,
    /// and no filter works on each attempt.
    /// </summary>
    public static bool Fits(ProxyExchange x, RetryPolicy policy) =>
        x.Request.MethodKind is HttpMethodKind.Get or HttpMethodKind.Head or HttpMethodKind.Options or HttpMethodKind.Trace
        && !x.HasRequestBody && x.RequestFraming.Kind == Http1.BodyKind.None && !x.IsUpgrade
        && x.Entered is { Affinity: null } cluster && ReferenceEquals(x.Peer!.Cluster, cluster)
        && !x.Chain.HasUpstreamRequestFilters && policy.MayRepeat(x.Request.Method);

    /// <summary>Runs both, as far as it comes to that. The error is that of the attempt the exchange goes on with.</summary>
    public async ValueTask<ProxyError> RunAsync(RetryPolicy policy)
    {
        (_first, _second, _winner, _status) = (null, null, null, 0);
        (_firstRuns, _secondRuns, _isSent) = (true, false, false);
        x.Race = this;
        try
        {
            var first = SendAsync(isFirst: true);
            var hedged = !first.IsCompleted && await IsLateAsync(first, policy.Hedge!) && TakeOther(policy) is { } other
                ? await RaceAsync(first, other)
                : (Error: await first, Connected: x.Stats.UpstreamConnected);
            if (!hedged.Error.IsError)
            {
                policy.Hedge!.Add(x.Stats.TimeProvider.GetElapsedTime(hedged.Connected, x.Stats.ResponseStarted));
            }

            return hedged.Error;
        }
        finally
        {
            x.Race = null;
        }
    }

    /// <summary>An attempt begins.</summary>
    public void Enter(HttpUpstream upstream)
    {
        lock (_lock)
        {
            if (_first is null)
            {
                _first = upstream;
                return;
            }

            _second = upstream;
            if (_winner is null)
            {
                return;
            }
        }

        upstream.Lose();
    }

    /// <summary>The request of an attempt is on its way.</summary>
    public void OnSent() => _isSent = true;

    /// <summary>
    /// The answer of an attempt begins. True when it is the exchange's. A server error is not, as long as the other attempt may still answer.
    /// </summary>
    /// <param name="upstream">Whose.</param>
    /// <param name="status">Its status; 0 where that is not known yet.</param>
    public bool TryWin(HttpUpstream upstream, int status)
    {
        HttpUpstream? other;
        lock (_lock)
        {
            var isFirst = ReferenceEquals(upstream, _first);
            if (_winner is not null)
            {
                return false;
            }

            if (status >= 500 && (isFirst ? _secondRuns : _firstRuns))
            {
                _status = status;
                (_firstRuns, _secondRuns) = (!isFirst, isFirst);
                return false;
            }

            _winner = upstream;
            other = isFirst ? _second : _first;
        }

        other?.Lose();
        _ = _cancel?.CancelAsync();
        return true;
    }

    /// <summary>One of the two. Throws nothing: both must be over before the exchange goes on, however one ends.</summary>
    private async Task<ProxyError> SendAsync(bool isFirst)
    {
        ProxyError error;
        try
        {
            error = await Forwarder.SendOnceAsync(x);
        }
        catch (Exception e)
        {
            error = x.Blame(e);
        }

        lock (_lock)
        {
            (_firstRuns, _secondRuns) = (_firstRuns && !isFirst, _secondRuns && isFirst);

            // Whatever it ends with once the other has won is that it was broken off.
            return _winner is null || ReferenceEquals(_winner, isFirst ? _first : _second) ? error : Lost;
        }
    }

    /// <summary>Waits until the first attempt is over or being answered, or has waited for its answer for too long: true.</summary>
    private async ValueTask<bool> IsLateAsync(Task first, HedgeRule rule)
    {
        if (rule.DelayAt(x.Heartbeat.Now) is not (> 0 and var delay))
        {
            return false;
        }

        for (var left = (double)delay; left >= 1; left = delay - (_isSent ? Since(x.Stats.UpstreamConnected).TotalMilliseconds : 0))
        {
            using var cancel = new CancellationTokenSource();
            var ended = await Task.WhenAny(first, Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left)), x.Services.Time, cancel.Token));
            if (ended == first)
            {
                await cancel.CancelAsync();
                return false;
            }

            await Hop.BackTo(x.Loop);
        }

        lock (_lock)
        {
            return _firstRuns && _winner is null && x.BreakKind == ProxyErrorKind.None;
        }
    }

    /// <summary>Another endpoint, counted, and a place among the retries; null where there is none.</summary>
    private Endpoint? TakeOther(RetryPolicy policy)
    {
        var cluster = x.Entered!;
        if (cluster.Guard.Breaker is { State: not BreakerState.Closed })
        {
            return null;
        }

        var limit = _place.TryTake(policy, cluster.Guard);
        if (limit != Limit.None)
        {
            x.Services.Limits.Reached(limit);
            return null;
        }

        var own = x.Peer!.Endpoint;
        x.Tried.Add(own);
        var other = cluster.Take(x.PickContext, out _);
        if (other is not null && (!other.IsHealthy || x.PickContext.WasTried(other)))
        {
            other.End();
            other = null;
        }

        x.Tried.Remove(own);
        if (other is null)
        {
            _place.Return();
        }

        return other;
    }

    private async ValueTask<(ProxyError Error, long Connected)> RaceAsync(Task<ProxyError> first, Endpoint endpoint)
    {
        var one = Current();
        x.Services.Log.AttemptHedged(x.Attempt, one.Peer, endpoint.Peer, Since(one.Connected));
        x.Rival = one.Upstream;
        x.AttemptSpan = null;
        x.SwapUpstreams(ref _spareHttp1, ref _spareHttp2);
        (x.Peer, x.HeldEndpoint, x.NeedsFreshConnection) = (endpoint.Peer, endpoint, false);
        x.Attempt++;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(x.Aborted);
        _cancel = cancel;
        if (IsDecidedAtStart())
        {
            await cancel.CancelAsync();
        }

        var second = SendAsync(isFirst: false);
        var firstError = await first;
        var secondError = await second;
        await Hop.BackTo(x.Loop);
        _cancel = null;
        x.Rival = null;
        _place.Return();
        var two = Current();

        // Where nobody won, with the one that failed by itself.
        var keepsFirst = _winner is null ? IsLost(secondError) : ReferenceEquals(_winner, one.Upstream);
        if (keepsFirst)
        {
            x.SwapUpstreams(ref _spareHttp1, ref _spareHttp2);
        }

        await EndLoserAsync(keepsFirst ? two : one, keepsFirst ? secondError : firstError, isLast: keepsFirst);
        x.Services.Metrics?.CountHedge(x, _winner is null ? "failed" : keepsFirst ? "lost" : "won");
        Continue(keepsFirst ? one : two);
        return (keepsFirst ? firstError : secondError, one.Connected);
    }

    private bool IsDecidedAtStart()
    {
        lock (_lock)
        {
            _secondRuns = true;
            return _winner is not null;
        }
    }

    /// <summary>What the exchange has of the attempt under way.</summary>
    private Side Current() => new(x.Upstream, x.Peer!, x.HeldEndpoint, x.Stats.UpstreamConnected, x.NeedsFreshConnection, x.AttemptSpan);

    private void Continue(Side side)
    {
        (x.Upstream, x.Peer, x.HeldEndpoint, x.NeedsFreshConnection) = (side.Upstream, side.Peer, side.Held, side.NeedsFresh);
        x.Stats.UpstreamConnected = side.Connected;
        x.AttemptSpan = side.Span;
    }

    private async ValueTask EndLoserAsync(Side loser, ProxyError error, bool isLast)
    {
        await loser.Upstream.EndAttemptAsync();
        loser.Held?.End();
        var endpoint = loser.Peer.Endpoint;
        var cause = IsLost(error) ? default : error;
        if (_winner is null)
        {
            x.Tried.Add(endpoint);
        }

        if (cause.IsError)
        {
            x.Services.Log.AttemptFailed(isLast ? x.Attempt : x.Attempt - 1, loser.Peer, cause, x.IsDebugged);
        }

        AttemptOutcome.TellBeside(endpoint, cause, _status, Since(loser.Connected));
        x.Stats.FailBeside(isLast, cause.IsError ? cause : Lost);
        x.EndAttemptSpan(loser.Span, cause);
    }

    private static bool IsLost(in ProxyError error) => error.Detail == Lost.Detail;

    private TimeSpan Since(long timestamp) => x.Stats.TimeProvider.GetElapsedTime(timestamp);

    /// <summary>One of two attempts.</summary>
    private readonly record struct Side(HttpUpstream Upstream, UpstreamPeer Peer, Endpoint? Held, long Connected, bool NeedsFresh, AttemptTrace? Span);
}
