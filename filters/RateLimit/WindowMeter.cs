namespace FilterProxy.Filters.RateLimit;

/// <summary>
/// Fixed windows, and sliding ones told from two counters: the requests of the window before count as if they had been spread over it evenly. A
/// window begins with the first request of a key, so no clock has to agree with another.
/// </summary>
internal sealed class WindowMeter(LimitOptions options, int instances, bool slides) : Meter(options, instances)
{
    public override Verdict Take(ref KeyEntry entry, ref long[]? log, long cost, long now, bool share)
    {
        Turn(ref entry, now);
        var capacity = CapacityOf(share);
        var used = Estimate(ref entry, now);
        var end = Math.Max(0, entry.At + Per - now);
        if (cost > capacity - used)
        {
            return new Verdict(false, Math.Max(0, capacity - used), ResetOf(ref entry, end), WaitOf(ref entry, cost, capacity, now, end));
        }

        entry.Used += cost;
        return new Verdict(true, capacity - used - cost, ResetOf(ref entry, end), 0);
    }

    public override void Return(ref KeyEntry entry, long[]? log, long cost) => entry.Used = Math.Max(0, entry.Used - cost);

    public override long UsedBy(ref KeyEntry entry, long[]? log, long now)
    {
        Turn(ref entry, now);
        return Estimate(ref entry, now);
    }

    public override void Begin(ref KeyEntry entry, ref long[]? log, long used, long now)
    {
        log = null;
        (entry.Used, entry.At, entry.Before) = (Math.Min(used, Capacity), now, 0);
    }

    private void Turn(ref KeyEntry entry, long now)
    {
        var passed = now - entry.At;
        if (entry.Used == 0 && entry.Before == 0)
        {
            // Not when somebody looks at it: a window begins with a request.
            entry.At = now;
            return;
        }

        if (passed < Per)
        {
            return;
        }

        if (slides && passed < Per * 2)
        {
            (entry.Before, entry.Used, entry.At) = (entry.Used, 0, entry.At + Per);
        }
        else
        {
            (entry.Before, entry.Used, entry.At) = (0, 0, now);
        }
    }

    // Rounded up: in doubt more is used.
    private long Estimate(ref KeyEntry entry, long now) =>
        entry.Used + (entry.Before == 0 ? 0 : Scale(entry.Before, Per - Math.Clamp(now - entry.At, 0, Per), Per));

    private long ResetOf(ref KeyEntry entry, long end) => slides && entry.Used > 0 ? end + Per : end;

    private long WaitOf(ref KeyEntry entry, long cost, long capacity, long now, long end)
    {
        var room = capacity - cost - entry.Used;
        if (!slides || room < 0 || entry.Before == 0)
        {
            return end;
        }

        // Until so little of the window before is left that the rest of it fits beside what came since.
        return Math.Clamp(Per - (long)((UInt128)(ulong)room * (ulong)Per / (ulong)entry.Before) - (now - entry.At), 1, end);
    }
}
