namespace FilterProxy.Core.Transport;

/// <summary>
/// A time by which something must have happened, kept in a field and looked at by the <see cref="Heartbeat"/>: arming and
/// disarming touch no timer. It fires at most once until it is armed again.
/// </summary>
internal struct Deadline
{
    private const long Off = 0, Firing = -1;
    private long _due;

    /// <summary>Arms it; a timeout of zero or less turns it off.</summary>
    public void Arm(Heartbeat heartbeat, long milliseconds) => Set(milliseconds <= 0 ? Off : heartbeat.DueAfter(milliseconds));

    /// <summary>Turns it off, unless it is firing right now.</summary>
    public void Disarm() => Set(Off);

    /// <summary>Whether it is due.</summary>
    public readonly bool IsDue(long now)
    {
        var due = Volatile.Read(in _due);
        return due > 0 && now >= due;
    }

    /// <summary>
    /// For the heartbeat: whether it is due and nobody else fires it. After acting on it the heartbeat calls <see cref="EndFiring"/>.
    /// </summary>
    public bool TryFire(long now)
    {
        var due = Volatile.Read(ref _due);
        return due > 0 && now >= due && Interlocked.CompareExchange(ref _due, Firing, due) == due;
    }

    /// <summary>See <see cref="TryFire"/>.</summary>
    public void EndFiring() => Volatile.Write(ref _due, Off);

    /// <summary>
    /// Instead of <see cref="EndFiring"/>: it was not yet time. In one step, so that who waits for the firing to end can still turn
    /// it off.
    /// </summary>
    public void Postpone(Heartbeat heartbeat, long milliseconds) => Volatile.Write(ref _due, heartbeat.DueAfter(milliseconds));

    /// <summary>
    /// Turns it off. True when the heartbeat does not act on behalf of the old owner from now on; false while a firing is under
    /// way. Who sees false must try again on another stack: what a firing wakes up may run on the heartbeat's own, inside it.
    /// </summary>
    public bool TrySettle()
    {
        Disarm();
        return Volatile.Read(ref _due) != Firing;
    }

    private void Set(long value)
    {
        var due = Volatile.Read(ref _due);
        if (due != Firing && due != value)
        {
            Interlocked.CompareExchange(ref _due, value, due);
        }
    }
}
