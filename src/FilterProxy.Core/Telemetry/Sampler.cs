namespace FilterProxy.Core.Telemetry;

/// <summary>Lets one event of many through in a while and counts the rest, so that a flood of them is a line and not a flood.</summary>
internal struct Sampler
{
    private const long Interval = 10_000;
    private long _next;
    private long _skipped;

    /// <summary>Whether this one is to be said; <paramref name="skipped"/> tells how many were not since the last.</summary>
    /// <param name="now">A clock in milliseconds.</param>
    /// <param name="skipped">Events left out.</param>
    public bool TryTake(long now, out long skipped)
    {
        var next = Volatile.Read(ref _next);
        if (now < next || Interlocked.CompareExchange(ref _next, now + Interval, next) != next)
        {
            Interlocked.Increment(ref _skipped);
            skipped = 0;
            return false;
        }

        skipped = Interlocked.Exchange(ref _skipped, 0);
        return true;
    }
}
