using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Clusters.Breaking;

/// <summary>
/// Stops sending requests to a cluster that is failing. Closed until its condition holds; then open for a while; then half-open: a few requests
/// show whether it is well again. Asked per attempt at the cost of reading a field.
/// </summary>
/// <param name="cluster">The cluster's name.</param>
/// <param name="rules">When it opens and closes.</param>
/// <param name="log">Is told.</param>
internal sealed class CircuitBreaker(string cluster, BreakerRules rules, Log? log) : IOutcomeObserver, IHeartbeatTarget
{
    private readonly Lock _lock = new();
    private readonly long[] _changes = new long[3];
    private readonly BreakerWindow _window = new(rules.Window, rules.Condition.Ranges);
    private volatile BreakerState _state;
    private long _until;
    private int _admitted;
    private int _succeeded;

    public BreakerState State => _state;

    /// <summary>How often it has opened.</summary>
    public long Openings => ChangesTo(BreakerState.Open);

    /// <summary>How often it has come into a state.</summary>
    public long ChangesTo(BreakerState state) => Volatile.Read(ref _changes[(int)state]);

    /// <summary>Whether a request may be sent.</summary>
    public bool TryPass() => _state switch
    {
        BreakerState.Closed => true,
        BreakerState.Open => false,
        _ => Interlocked.Increment(ref _admitted) <= rules.Probes,
    };

    public void Observe(Endpoint endpoint, in Outcome outcome)
    {
        switch (_state)
        {
            case BreakerState.Closed:
                _window.Add(outcome);
                break;
            case BreakerState.HalfOpen:
                Judge(outcome.StatusCode is > 0 and < 500);
                break;
        }
    }

    public void OnHeartbeat(long now)
    {
        _window.Advance(now);
        lock (_lock)
        {
            if (_state == BreakerState.Closed && _window.Requests >= rules.MinRequests && rules.Condition.Holds(_window))
            {
                Open(now);
            }
            else if (_state != BreakerState.Closed && now >= _until)
            {
                // From half-open too, where those let through never said how it went.
                _until = now + rules.OpenTime;
                _admitted = _succeeded = 0;
                Change(BreakerState.HalfOpen);
            }
        }
    }

    private void Judge(bool succeeded)
    {
        lock (_lock)
        {
            if (_state != BreakerState.HalfOpen)
            {
                return;
            }

            if (!succeeded)
            {
                // Until the time is up that began with being half-open.
                Change(BreakerState.Open);
                log?.BreakerReopened(cluster);
            }
            else if (++_succeeded >= rules.Probes)
            {
                _window.Clear();
                Change(BreakerState.Closed);
                log?.BreakerClosed(cluster);
            }
        }
    }

    private void Change(BreakerState state)
    {
        _changes[(int)state]++;
        _state = state;
    }

    private void Open(long now)
    {
        _until = now + rules.OpenTime;
        Change(BreakerState.Open);
        log?.BreakerOpened(cluster, rules.Condition.ToString(), TimeSpan.FromMilliseconds(rules.OpenTime));
    }
}

/// <summary>When a breaker opens and closes.</summary>
/// <param name="Condition">Opens it.</param>
/// <param name="Window">Milliseconds it looks back.</param>
/// <param name="MinRequests">Attempts in the window that it takes.</param>
/// <param name="OpenTime">Milliseconds it stays open.</param>
/// <param name="Probes">Requests that pass while it is half-open, all of which must succeed.</param>
internal sealed record BreakerRules(BreakerCondition Condition, long Window, int MinRequests, long OpenTime, int Probes);
