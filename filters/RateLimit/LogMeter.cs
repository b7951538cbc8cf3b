namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// A sliding window that keeps the time of each request: exact, for eight bytes a request. The log of a key is a ring of times; the entry says
/// how many there are (<see cref="KeyEntry.Used"/>) and where the oldest is (<see cref="KeyEntry.Before"/>).
/// </summary>
internal sealed class LogMeter(LimitOptions options, int instances) : Meter(options, instances)
{
    public override Verdict Take(ref KeyEntry entry, ref long[]? log, long cost, long now, bool share)
    {
        log ??= new long[Capacity];
        Forget(ref entry, log, now);
        var capacity = CapacityOf(share);
        if (cost > capacity - entry.Used)
        {
            // When as many of the oldest have gone as are too many.
            var excess = entry.Used + cost - capacity;
            var wait = excess <= entry.Used ? At(ref entry, log, excess - 1) + Per - now : Per;
            return new Verdict(false, Math.Max(0, capacity - entry.Used), ResetOf(ref entry, log, now), Math.Max(1, wait));
        }

        // A clock that goes back must not make the order of the log another one.
        var time = entry.Used > 0 ? Math.Max(now, At(ref entry, log, entry.Used - 1)) : now;
        for (var i = 0; i < cost; i++)
        {
            log[(entry.Before + entry.Used++) % log.Length] = time;
        }

        return new Verdict(true, capacity - entry.Used, ResetOf(ref entry, log, now), 0);
    }

    public override void Return(ref KeyEntry entry, long[]? log, long cost) => entry.Used = Math.Max(0, entry.Used - cost);

    public override long UsedBy(ref KeyEntry entry, long[]? log, long now)
    {
        if (log is null)
        {
            return 0;
        }

        Forget(ref entry, log, now);
        return entry.Used;
    }

    public override void Begin(ref KeyEntry entry, ref long[]? log, long used, long now)
    {
        log = used > 0 ? new long[Capacity] : null;
        log?.AsSpan(0, (int)Math.Min(used, Capacity)).Fill(now);
        (entry.Used, entry.At, entry.Before) = (Math.Min(used, Capacity), now, 0);
    }

    private static long At(ref KeyEntry entry, long[] log, long index) => log[(entry.Before + index) % log.Length];

    private void Forget(ref KeyEntry entry, long[] log, long now)
    {
        while (entry.Used > 0 && now - At(ref entry, log, 0) >= Per)
        {
            entry.Before = (entry.Before + 1) % log.Length;
            entry.Used--;
        }
    }

    private long ResetOf(ref KeyEntry entry, long[] log, long now) => entry.Used == 0 ? 0 : Math.Max(0, At(ref entry, log, entry.Used - 1) + Per - now);
}
