namespace FilterProxy.Filters.RateLimit;

/// <summary>Puts a request to all limits of a filter: all of them take their cost, or none.</summary>
internal sealed class RateJudge(Limit[] limits, RateLimitState state, FullTable whenFull)
{
    /// <summary>Takes what the request costs from what is counted here.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="charges">One for each limit.</param>
    /// <param name="now">Ticks of the monotonic clock.</param>
    /// <param name="mode">What it is held against.</param>
    /// <returns>The limit that refuses; -1 for none.</returns>
    public int Take(HttpExchange exchange, Span<Charge> charges, long now, CountMode mode)
    {
        for (var i = 0; i < limits.Length; i++)
        {
            var limit = limits[i];
            ref var charge = ref charges[i];
            charge = default;
            if (!limit.Reader.TryRead(exchange, out charge.Id, out var text))
            {
                continue;
            }

            charge.Applies = true;
            charge.Cost = limit.Cost.Of(exchange);
            charge.Verdict = limit.Table.Take(charge.Id, text, charge.Cost, now, mode, whenFull);
            charge.IsTaken = charge.Verdict is { IsAllowed: true, IsOpen: false };
            if (!charge.Verdict.IsAllowed)
            {
                state.Metrics.CountLimited(limit);
                if (!limit.IsDryRun)
                {
                    GiveBack(charges[..i]);
                    return i;
                }
            }
        }

        return -1;
    }

    /// <summary>Gives back what was taken here.</summary>
    public void GiveBack(Span<Charge> charges)
    {
        for (var i = 0; i < charges.Length; i++)
        {
            GiveBack(charges, i);
        }
    }

    /// <summary>Gives back what one limit took here.</summary>
    public void GiveBack(Span<Charge> charges, int index)
    {
        ref var charge = ref charges[index];
        if (charge.IsTaken)
        {
            limits[index].Table.Return(charge.Id, charge.Cost);
            charge.IsTaken = false;
        }
    }

    /// <summary>The longest that a limit makes the request wait, in ticks.</summary>
    public long DelayOf(ReadOnlySpan<Charge> charges)
    {
        long delay = 0;
        for (var i = 0; i < charges.Length; i++)
        {
            // A dry run makes nobody wait.
            if (charges[i] is { Applies: true, Verdict: { IsAllowed: true, Wait: > 0 } verdict } && !limits[i].IsDryRun)
            {
                state.Metrics.CountDelayed(limits[i]);
                delay = Math.Max(delay, verdict.Wait);
            }
        }

        return delay;
    }
}
