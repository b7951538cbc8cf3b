namespace FilterProxy.TestKit;

/// <summary>A clock that stands still until a test moves it; timers fire on the thread that does.</summary>
public sealed class FakeTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private readonly DateTimeOffset _start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private long _ticks;
    private long _wallClockOff;

    /// <summary>Timers that wait for the clock to move.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count(t => t.Due < long.MaxValue);
            }
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(GetTimestamp() + Volatile.Read(ref _wallClockOff));

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock, stopping at every timer that is due on the way.</summary>
    public void Advance(TimeSpan time)
    {
        var end = GetTimestamp() + time.Ticks;
        while (NextDue(end) is { } timer)
        {
            timer.Fire();
        }

        Volatile.Write(ref _ticks, end);
    }

    /// <summary>Moves the clock at once, as after a sleep of the machine: what was due on the way is due now, and only once.</summary>
    public void Jump(TimeSpan time)
    {
        lock (_gate)
        {
            Volatile.Write(ref _ticks, _ticks + time.Ticks);
            _timers.ForEach(timer => timer.CatchUp(_ticks));
        }
    }

    /// <summary>Sets the time of day forward or back; time passes as before.</summary>
    public void SetWallClock(TimeSpan by) => Interlocked.Add(ref _wallClockOff, by.Ticks);

    private Timer? NextDue(long end)
    {
        lock (_gate)
        {
            var next = _timers.Where(t => t.Due <= end).MinBy(t => t.Due);
            if (next is not null)
            {
                Volatile.Write(ref _ticks, Math.Max(_ticks, next.Due));
                next.Reschedule();
            }

            return next;
        }
    }

    private sealed class Timer(FakeTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public long Due { get; private set; } = long.MaxValue;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                _period = period;
                Due = dueTime < TimeSpan.Zero ? long.MaxValue : owner.GetTimestamp() + dueTime.Ticks;
                owner._timers.Remove(this);
                owner._timers.Add(this);
                return true;
            }
        }

        public void CatchUp(long now) => Due = Due < now ? now : Due;

        public void Reschedule() => Due = _period > TimeSpan.Zero ? Due + _period.Ticks : long.MaxValue;

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
