namespace FilterProxy.Filters.Streams;

/// <summary>Lets one event of many be said in ten seconds, and counts the others.</summary>
internal sealed class Occasion(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private long _next;
    private long _skipped;

    /// <summary>Whether this one is to be said; <paramref name="skipped"/> tells how many were not since the last.</summary>
    public bool TryTake(out long skipped)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (now < _next)
            {
                _skipped++;
                skipped = 0;
                return false;
            }

            (skipped, _skipped) = (_skipped, 0);
            _next = now + (long)(Interval.TotalSeconds * time.TimestampFrequency);
            return true;
        }
    }
}
