namespace FilterProxy.Core.Transport;

/// <summary>
/// A time by which something must have happened, kept in a field and looked at by the <see cref="Heartbeat"/>: arming and
/// disarming touch no timer. It fires at most once until it is armed again.
/// </summary>
/// <remarks>
/// With inline completions the act of firing may run the awakened exchange, to its end and into the next one, on the heartbeat's
/// own thread: in there the deadline counts as fired, and settling or arming it does not wait for itself.
/// </remarks>
internal struct Deadline
{
    private const long Off = 0;
    private long _due;

    /// <summary>What stands in the field while this thread fires it; other threads' values are below zero as well.</summary>
    private static long FiringHere => -Environment.CurrentManagedThreadId;

    /// <summary>Arms it; a timeout of zero or less turns it off.</summary>
    public void Arm(Heartbeat heartbeat, long milliseconds) => Set(milliseconds <= 0 ? Off : heartbeat.DueAfter(milliseconds));

    /// <summary>Turns it off, unless it is firing right now.</summary>
    public void Disarm() => Set(Off);

    /// <summary>
    /// For the heartbeat: whether it is due and nobody else fires it. After acting on it the heartbeat calls <see cref="EndFiring"/>.
    /// </summary>
    public bool TryFire(long now)
    {
        var due = Volatile.Read(ref _due);
        return due > 0 && now >= due && Interlocked.CompareExchange(ref _due, FiringHere, due) == due;
    }

    /// <summary>See <see cref="TryFire"/>.</summary>
    public void EndFiring() => Interlocked.CompareExchange(ref _due, Off, FiringHere);

    /// <summary>
    /// Turns it off and waits for a firing that has begun: after this call the heartbeat does not act on behalf of the old owner.
    /// </summary>
    public void Settle()
    {
        Disarm();
        var spin = default(SpinWait);
        while (Volatile.Read(ref _due) < 0)
        {
            spin.SpinOnce();
        }
    }

    private void Set(long value)
    {
        var due = Volatile.Read(ref _due);
        if (due != value && (due >= 0 || due == FiringHere))
        {
            Interlocked.CompareExchange(ref _due, value, due);
        }
    }
}
