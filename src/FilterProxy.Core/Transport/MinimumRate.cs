namespace FilterProxy.Core.Transport;

/// <summary>
/// How long a peer that should move bytes may still keep us waiting. It begins with a grace; every byte it moves earns it time at
/// the lowest rate allowed, and every wait for it spends some. Counts only while we wait, so what the other side holds up costs
/// the peer nothing, and earns at most a cap, so that a fast beginning does not pay for a slow end.
/// </summary>
internal struct MinimumRate
{
    private long _credit;
    private long _counted;
    private long _since;

    /// <summary>Begins with a message.</summary>
    public void Begin(long grace)
    {
        _credit = grace;
        _counted = 0;
        _since = 0;
    }

    /// <summary>Before a wait: the milliseconds it may last.</summary>
    /// <param name="now">The coarse clock.</param>
    /// <param name="total">Bytes moved since <see cref="Begin"/>.</param>
    /// <param name="rate">Bytes per second at the least.</param>
    /// <param name="cap">The most time that can be earned; 0 for any.</param>
    public long BeginWait(long now, long total, long rate, long cap)
    {
        _since = now;
        var moved = Math.Min(total - _counted, long.MaxValue / 1000);
        _counted = total;
        var earned = _credit + (moved * 1000 / rate);
        _credit = cap > 0 && earned > cap ? Math.Max(cap, _credit) : earned;

        // Due at once is due all the same: zero would mean no limit.
        return Math.Max(1, _credit);
    }

    /// <summary>After it.</summary>
    public void EndWait(long now)
    {
        if (_since > 0)
        {
            _credit -= now - _since;
            _since = 0;
        }
    }
}
