namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>Spreads a window over the round trip (RFC 9002 §7.7): a burst fills the short queues of home routers. A bucket of bytes, filled at somewhat more than the window's rate.</summary>
internal sealed class Pacer
{
    private const long LeastBurst = 16 * DirectPacket.MaxSize;

    // Timers tell milliseconds apart: what comes due within two goes at once.
    private const long Slack = 2 * RoundTrip.Granularity;
    private double _allowed = LeastBurst;
    private double _rate;
    private long _filledAt;

    /// <summary>When the next packet may go.</summary>
    public long NextAt => _allowed >= 0 || _rate <= 0 ? 0 : _filledAt + Math.Max(RoundTrip.Granularity, (long)(-_allowed / _rate));

    /// <summary>Whether a packet may go now.</summary>
    public bool MayGo(CongestionWindow window, RoundTrip roundTrip, long now)
    {
        _rate = (window.IsSlowStart ? 2.0 : 1.25) * window.Size / Math.Max(1, roundTrip.Smoothed);
        _allowed = Math.Min(_allowed + (_rate * (now - _filledAt)), Math.Max(LeastBurst, _rate * Slack));
        _filledAt = now;
        return _allowed >= 0;
    }

    public void OnSent(int bytes) => _allowed -= bytes;
}
