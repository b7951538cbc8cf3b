namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// How many series one metric may have. What would be over it is counted under one series whose labels all say <c>other</c>: whoever can
/// make label values, a discovery gone wild or a script, cannot fill the memory or the collector's disk.
/// </summary>
internal sealed class SeriesBudget(MetricInfo metric)
{
    private long _dropped;
    private int _used;

    public MetricInfo Metric => metric;

    /// <summary>Label sets that had no place.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    public int Used => Volatile.Read(ref _used);

    /// <summary>Takes a place. False, and the refusal is counted, when there is none left.</summary>
    public bool TryTake(int limit)
    {
        if (Interlocked.Increment(ref _used) <= limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _used);
        Interlocked.Increment(ref _dropped);
        return false;
    }

    public void Return(int count) => Interlocked.Add(ref _used, -count);
}
