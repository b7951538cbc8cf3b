using System.Collections.Concurrent;

namespace FilterProxy.Core.Transport;

/// <summary>Something the heartbeat looks at: connections with deadlines, pools with idle limits.</summary>
internal interface IHeartbeatTarget
{
    /// <summary>Called every tick. Must be quick and must not throw.</summary>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    void OnHeartbeat(long now);
}

/// <summary>
/// One timer for all deadlines. It keeps a coarse clock and walks everything registered each tick, so a request arms and
/// disarms its timeouts without touching a timer. Timeouts are never early and at most two ticks late.
/// </summary>
internal sealed class Heartbeat : IDisposable
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<IHeartbeatTarget, bool> _targets = new();
    private readonly TimeProvider _time;
    private readonly long _interval;
    private readonly ITimer _timer;
    private long _now;
    private int _ticking;

    public Heartbeat(TimeProvider? time = null, TimeSpan? interval = null)
    {
        _time = time ?? TimeProvider.System;
        var period = interval ?? DefaultInterval;
        _interval = (long)period.TotalMilliseconds;
        _now = ReadClock();
        using (ExecutionContext.SuppressFlow())
        {
            _timer = _time.CreateTimer(static state => ((Heartbeat)state!).Tick(), this, period, period);
        }
    }

    /// <summary>Milliseconds on a clock that only goes forward, as of the last tick.</summary>
    public long Now => Volatile.Read(ref _now);

    public long DueAfter(long milliseconds) => Now + milliseconds + _interval;

    public void Add(IHeartbeatTarget target) => _targets.TryAdd(target, true);

    public void Remove(IHeartbeatTarget target) => _targets.TryRemove(target, out _);

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        if (Interlocked.Exchange(ref _ticking, 1) != 0)
        {
            return;
        }

        try
        {
            var now = ReadClock();
            Volatile.Write(ref _now, now);
            foreach (var (target, _) in _targets)
            {
                target.OnHeartbeat(now);
            }
        }
        finally
        {
            Volatile.Write(ref _ticking, 0);
        }
    }

    // Begins at one: zero means "no deadline".
    private long ReadClock() => (long)_time.GetElapsedTime(0).TotalMilliseconds + 1;
}
