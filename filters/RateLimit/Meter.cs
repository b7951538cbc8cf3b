namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// The arithmetic of a limit: whole numbers alone, none of which can overflow. Stateless: what is counted is in the entry of a key, which the
/// caller has locked. Instances count one limit between them: <c>share</c> asks for this one's part of it.
/// </summary>
internal abstract class Meter
{
    /// <summary>The largest level: a few of them can be added.</summary>
    private protected const long Most = long.MaxValue / 8;

    private protected Meter(LimitOptions options, int instances)
    {
        Algorithm = options.Algorithm;
        Rate = options.Rate;
        Per = options.Per.Ticks;
        Capacity = options.Algorithm switch
        {
            RateAlgorithm.FixedWindow or RateAlgorithm.SlidingWindow or RateAlgorithm.SlidingLog => options.Rate,
            RateAlgorithm.Gcra => options.Burst ?? 1,
            _ => options.Burst ?? options.Rate,
        };
        ShareOfCapacity = Math.Max(1, Capacity / instances);
        Instances = instances;
    }

    public RateAlgorithm Algorithm { get; }

    public long Rate { get; }

    /// <summary>In ticks.</summary>
    public long Per { get; }

    /// <summary>What may come at once.</summary>
    public long Capacity { get; }

    /// <summary>What of it is one instance's, at least 1.</summary>
    public long ShareOfCapacity { get; }

    public int Instances { get; }

    public static Meter Create(LimitOptions options, int instances) => options.Algorithm switch
    {
        RateAlgorithm.FixedWindow => new WindowMeter(options, instances, slides: false),
        RateAlgorithm.SlidingWindow => new WindowMeter(options, instances, slides: true),
        RateAlgorithm.SlidingLog => new LogMeter(options, instances),
        _ => new BucketMeter(options, instances),
    };

    /// <summary>Uses up the cost, where there is as much left.</summary>
    public abstract Verdict Take(ref KeyEntry entry, ref long[]? log, long cost, long now, bool share);

    /// <summary>Gives back what was taken by a request that was refused for another reason.</summary>
    public abstract void Return(ref KeyEntry entry, long[]? log, long cost);

    /// <summary>What is used up now, rounded up.</summary>
    public abstract long UsedBy(ref KeyEntry entry, long[]? log, long now);

    /// <summary>Makes an entry in which so much is used, e.g. what was counted by other rules.</summary>
    public abstract void Begin(ref KeyEntry entry, ref long[]? log, long used, long now);

    /// <summary>Whether forgetting it changes nothing.</summary>
    public bool IsIdle(ref KeyEntry entry, long[]? log, long now) => entry.BlockedUntil <= now && UsedBy(ref entry, log, now) == 0;

    private protected long CapacityOf(bool share) => share ? ShareOfCapacity : Capacity;

    /// <summary>a × b / c, rounded up; no more than <see cref="Most"/>.</summary>
    private protected static long Scale(long a, long b, long c)
    {
        var product = (UInt128)(ulong)Math.Max(0, a) * (ulong)Math.Max(0, b);
        return (long)UInt128.Min((product + (ulong)c - 1) / (ulong)c, Most);
    }
}
