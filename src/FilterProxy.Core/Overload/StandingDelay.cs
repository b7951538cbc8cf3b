namespace FilterProxy.Core.Overload;

/// <summary>
/// Tells a queue that only takes up a burst from one that stands: in which even the luckiest of a whole interval waited longer than the target
/// (the idea of CoDel, RFC 8289 §3, as request queues use it). Used under its queue's lock.
/// </summary>
internal sealed class StandingDelay(TimeProvider time)
{
    private long _begun;
    private TimeSpan _least = TimeSpan.MaxValue;

    /// <summary>Whether the last whole interval was one of those.</summary>
    public bool IsStanding { get; private set; }

    /// <summary>A request had its turn. Whether it waited too long for a queue that stands.</summary>
    public bool IsTooLate(TimeSpan waited, TimeSpan target, TimeSpan interval)
    {
        var now = time.GetTimestamp();
        var age = time.GetElapsedTime(_begun, now);
        if (age >= interval)
        {
            // Nobody waited in an interval that was missed altogether.
            IsStanding = age < interval * 2 && _least != TimeSpan.MaxValue && _least > target;
            _begun = now;
            _least = waited;
        }
        else if (waited < _least)
        {
            _least = waited;
        }

        return IsStanding && waited > target;
    }

    /// <summary>Nobody waits any more.</summary>
    public void Empty() => _least = TimeSpan.Zero;
}
