namespace FilterProxy.Core.Transport;

/// <summary>
/// A time by which something must have happened, kept in a field and looked at by the <see cref="Heartbeat"/>: arming and
/// disarming are one write each. It fires at most once until it is armed again.
/// </summary>
internal struct Deadline
{
    private const long Off = 0;
    private long _due;

    public readonly bool IsArmed => Volatile.Read(in _due) > 0;

    /// <summary>Arms it; a timeout of zero or less turns it off.</summary>
    public void Arm(Heartbeat heartbeat, long milliseconds) =>
        Volatile.Write(ref _due, milliseconds <= 0 ? Off : heartbeat.DueAfter(milliseconds));

    public void Disarm() => Volatile.Write(ref _due, Off);

    /// <summary>Whether it is due now and nobody else has fired it.</summary>
    public bool TryFire(long now)
    {
        var due = Volatile.Read(ref _due);
        return due > 0 && now >= due && Interlocked.CompareExchange(ref _due, Off, due) == due;
    }
}
