namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// Token bucket, leaky bucket and GCRA, which are one thing seen from three sides: a level that rises with each request and falls at the rate. A
/// token bucket asks what is left below the brim, GCRA when the level will have fallen far enough, and in a leaky bucket a request waits
/// for what is before it.
/// </summary>
internal sealed class BucketMeter : Meter
{
    /// <summary>Ticks in one unit of time: more than one only where levels would not fit 64 bits.</summary>
    private readonly long _unit = 1;

    /// <summary>Level of one request, so that in one unit of time whole numbers leak: the rate, times the instances, or once for one's share.</summary>
    private readonly long _weight;
    private readonly long _leak;
    private readonly long _leakOfShare;
    private readonly long _maxDelay;

    public BucketMeter(LimitOptions options, int instances)
        : base(options, instances)
    {
        while ((Int128)Math.Max(Capacity, 1) * (Per / _unit) * instances > Most / 2)
        {
            _unit *= 10;
        }

        _weight = Math.Max(1, Per / _unit) * instances;
        (_leak, _leakOfShare) = (Rate * instances, Rate);
        _maxDelay = options.Algorithm == RateAlgorithm.LeakyBucket ? options.MaxDelay.Ticks : -1;
    }

    public override Verdict Take(ref KeyEntry entry, ref long[]? log, long cost, long now, bool share)
    {
        var leak = share ? _leakOfShare : _leak;
        Leak(ref entry, now, leak);
        var brim = CapacityOf(share) * _weight;
        if (cost > CapacityOf(share))
        {
            // It will never fit: asking again is for another time.
            return new Verdict(false, Left(brim, entry.Used), Ticks(entry.Used, leak), Per);
        }

        var before = entry.Used;
        var after = before + (cost * _weight);
        var delay = _maxDelay >= 0 ? Ticks(before, leak) : 0;
        if (after > brim || delay > Math.Max(0, _maxDelay))
        {
            var wait = Math.Max(Ticks(after - brim, leak), delay - Math.Max(0, _maxDelay));
            return new Verdict(false, Left(brim, before), Ticks(before, leak), wait);
        }

        entry.Used = after;
        return new Verdict(true, Left(brim, after), Ticks(after, leak), delay);
    }

    public override void Return(ref KeyEntry entry, long[]? log, long cost) => entry.Used = Math.Max(0, entry.Used - (Math.Min(cost, Capacity) * _weight));

    public override long UsedBy(ref KeyEntry entry, long[]? log, long now)
    {
        Leak(ref entry, now, Instances > 1 ? _leakOfShare : _leak);
        return Scale(entry.Used, 1, _weight);
    }

    public override void Begin(ref KeyEntry entry, ref long[]? log, long used, long now)
    {
        log = null;
        (entry.Used, entry.At, entry.Before) = (Math.Min(used, Capacity) * _weight, now, 0);
    }

    private long Left(long brim, long used) => used < brim ? (brim - used) / _weight : 0;

    private void Leak(ref KeyEntry entry, long now, long leak)
    {
        // A clock that goes back leaks nothing; whole units only, the rest is for the next time.
        var units = (now - entry.At) / _unit;
        if (units <= 0)
        {
            return;
        }

        var gone = (UInt128)(ulong)units * (ulong)leak;
        entry.Used = gone >= (ulong)entry.Used ? 0 : entry.Used - (long)gone;
        entry.At += units * _unit;
    }

    private long Ticks(long level, long leak) => Scale(level, _unit, leak);
}
