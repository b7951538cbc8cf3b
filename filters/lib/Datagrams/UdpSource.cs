namespace FilterProxy.Filters.Datagrams;

/// <summary>What one address has: sessions, and when its next datagram is due (the generic cell rate algorithm).</summary>
internal sealed class UdpSource
{
    // Datagrams that may come at once: a tenth of a second's, and a few at least.
    private const double BurstSeconds = 0.1;
    private const int LeastBurst = 10;
    private double _due;

    public int Sessions { get; set; }

    /// <summary>Whether a datagram that comes now is within the rate.</summary>
    public bool TryTake(double now, int rate)
    {
        var interval = 1.0 / rate;
        _due = Math.Max(_due, now);
        if (_due + interval > now + Math.Max(BurstSeconds, LeastBurst * interval))
        {
            return false;
        }

        _due += interval;
        return true;
    }
}
