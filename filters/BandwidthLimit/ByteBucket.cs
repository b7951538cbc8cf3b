namespace FilterProxy.Filters.BandwidthLimit;

/// <summary>
/// The bytes of one direction of a key. What comes is always taken: the bucket says how long to wait with what comes next, so that pieces of any
/// size pass and the rate holds.
/// </summary>
internal struct ByteBucket
{
    private const long Most = long.MaxValue / 4;
    private long _level;
    private long _at;

    /// <summary>Takes some bytes; returns how many ticks to wait with them.</summary>
    public long Take(long bytes, long rate, long burst, long now)
    {
        Leak(rate, now);
        _level = Math.Min(_level + Math.Min(bytes, Most), Most);
        return _level <= burst ? 0 : (long)UInt128.Min((UInt128)(ulong)(_level - burst) * TimeSpan.TicksPerSecond / (ulong)rate, Most);
    }

    /// <summary>Whether all of it has run out.</summary>
    public bool IsEmpty(long rate, long now)
    {
        Leak(rate, now);
        return _level == 0;
    }

    private void Leak(long rate, long now)
    {
        var passed = now - _at;
        if (passed <= 0)
        {
            return;
        }

        var gone = (UInt128)(ulong)passed * (ulong)rate / TimeSpan.TicksPerSecond;
        if (gone == 0)
        {
            // Less than a byte: the time counts next time.
            return;
        }

        _level = gone >= (ulong)_level ? 0 : _level - (long)gone;
        _at = now;
    }
}
