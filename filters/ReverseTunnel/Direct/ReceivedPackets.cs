namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>Numbers of packets that have arrived: so that none counts twice, and to say so to the peer (RFC 9000 §13.2).</summary>
internal sealed class ReceivedPackets
{
    /// <summary>Ranges of an acknowledgement at most.</summary>
    public const int MostTold = 64;

    private const int MostKept = 256;
    private const int AskingUntilDue = 2;
    private readonly RangeSet _numbers = new();
    private long _floor;
    private long _largest = -1;
    private long _largestAt;
    private int _asking;
    private bool _isDue;

    /// <summary>When the peer must be told; the largest value for never.</summary>
    public long Deadline { get; private set; } = long.MaxValue;

    /// <summary>Whether there is something the peer waits to be told.</summary>
    public bool IsAsked => _asking > 0;

    /// <summary>Whether a number was not there before. Those that are too old to know count as known.</summary>
    public bool IsNew(long number) => number >= _floor && !_numbers.Contains(number);

    /// <summary>Whether the peer must be told now.</summary>
    public bool IsDue(long now) => _isDue || now >= Deadline;

    /// <summary>A new packet has arrived. What leaves a gap, or closes one, is told at once (RFC 9000 §13.2.1), and so is every second.</summary>
    public void Add(long number, bool asks, long now)
    {
        var isInOrder = number == _largest + 1;
        _numbers.Add(number, number + 1);
        if (_numbers.Count > MostKept)
        {
            _floor = _numbers[1].Start;
            _numbers.RemoveBelow(_floor);
        }

        if (number > _largest)
        {
            (_largest, _largestAt) = (number, now);
        }

        if (asks)
        {
            _asking++;
            _isDue |= !isInOrder || _asking >= AskingUntilDue;
            Deadline = Math.Min(Deadline, now + RoundTrip.MaxAckDelay);
        }
    }

    /// <summary>Tells the peer.</summary>
    /// <param name="into">Where to.</param>
    /// <param name="mostRanges">Ranges at most, the newest.</param>
    /// <param name="limit">Up to where the stream may go.</param>
    /// <param name="now">The time.</param>
    /// <returns>Bytes written; 0 where there is nothing to tell.</returns>
    public int Write(Span<byte> into, int mostRanges, long limit, long now)
    {
        var delay = Math.Max(0, now - _largestAt) / TimeSpan.TicksPerMicrosecond;
        var length = DirectFrame.WriteAck(into, _numbers, mostRanges, delay, limit);
        if (length > 0)
        {
            (_asking, _isDue, Deadline) = (0, false, long.MaxValue);
        }

        return length;
    }
}
