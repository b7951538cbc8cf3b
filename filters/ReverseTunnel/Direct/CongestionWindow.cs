namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>
/// How many bytes may be under way: NewReno (RFC 9002 §7), except that a loss reduces the window no further than to what the path was just seen to
/// carry without a queue, as TCP Westwood+ does: home networks lose packets that no queue dropped, and NewReno alone takes every one for congestion. It
/// grows faster while there is no queue.
/// </summary>
internal sealed class CongestionWindow
{
    /// <summary>Bytes that are always allowed (RFC 9002 §7.2).</summary>
    public const long Least = 2 * DirectPacket.MaxSize;

    /// <summary>Bytes at first (RFC 9002 §7.2).</summary>
    public const long Initial = 10 * DirectPacket.MaxSize;

    /// <summary>Bytes at most: as many as there can be.</summary>
    public const long Most = 4 << 20;

    // Packets a round trip, where no queue is to be seen: as TCP Illinois, which takes up to 10.
    private const int GrowthWithoutQueue = 4;
    private const long ShortestRound = 20 * TimeSpan.TicksPerMillisecond;

    // Bytes a tick. The best of the last: one round may be short of acknowledgements that come with the next.
    private readonly double[] _rates = new double[8];
    private long _threshold = long.MaxValue;
    private long _recoveryStart = -1;
    private long _grown;
    private int _growth = 1;
    private long _roundStart;
    private long _roundBytes;
    private int _round;

    /// <summary>Bytes that may be under way.</summary>
    public long Size { get; private set; } = Initial;

    /// <summary>Bytes that are.</summary>
    public long InFlight { get; private set; }

    public bool IsSlowStart => Size < _threshold;

    public void OnSent(int bytes) => InFlight += bytes;

    /// <summary>A packet counts no more, without being acknowledged.</summary>
    public void OnForgotten(int bytes) => InFlight -= bytes;

    /// <summary>A packet was acknowledged (RFC 9002 §7.3).</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="sentAt">When it was sent.</param>
    /// <param name="isUsed">Whether the window was used: one that was not says nothing about the path (RFC 9002 §7.8).</param>
    public void OnAcked(int bytes, long sentAt, bool isUsed)
    {
        InFlight -= bytes;
        _roundBytes += bytes;
        if (!isUsed || sentAt <= _recoveryStart)
        {
            return;
        }

        if (IsSlowStart)
        {
            Size = Math.Min(Most, Size + bytes);
            return;
        }

        _grown += bytes * _growth;
        if (_grown >= Size)
        {
            _grown -= Size;
            Size = Math.Min(Most, Size + DirectPacket.MaxSize);
        }
    }

    /// <summary>Measures what arrives and how long it takes, a round trip at a time.</summary>
    public void OnRound(RoundTrip roundTrip, long now)
    {
        var elapsed = now - _roundStart;
        if (elapsed < Math.Max(roundTrip.Smoothed, ShortestRound))
        {
            return;
        }

        _rates[_round++ % _rates.Length] = (double)_roundBytes / elapsed;
        (_roundStart, _roundBytes) = (now, 0);
        var hasQueue = roundTrip.Smoothed - roundTrip.Least > Math.Max(roundTrip.Least / 8, RoundTrip.Granularity);
        _growth = hasQueue ? 1 : GrowthWithoutQueue;
    }

    /// <summary>A packet was lost (RFC 9002 §7.3.2). One of those sent before the last reduction says nothing new.</summary>
    public void OnLost(long sentAt, RoundTrip roundTrip, long now)
    {
        if (sentAt <= _recoveryStart)
        {
            return;
        }

        _recoveryStart = now;
        var best = 0.0;
        foreach (var rate in _rates)
        {
            best = Math.Max(best, rate);
        }

        // It was measured in the last round trips, in each of which the window has grown by a packet.
        var carried = (long)(best * roundTrip.Least) + (2 * DirectPacket.MaxSize);
        Size = Math.Max(Least, Math.Min(Size, Math.Max(Size / 2, carried)));
        (_threshold, _grown) = (Size, 0);
    }

    /// <summary>Nothing arrived for long (RFC 9002 §7.6.2).</summary>
    public void OnPersistentCongestion()
    {
        (Size, _recoveryStart) = (Least, -1);
        Array.Clear(_rates);
    }
}
