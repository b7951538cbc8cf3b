namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>How long an answer takes (RFC 9002 §5). All times are ticks of <see cref="TimeSpan"/>.</summary>
internal sealed class RoundTrip
{
    /// <summary>The longest an acknowledgement is held back at either end (RFC 9000 §18.2, max_ack_delay).</summary>
    public const long MaxAckDelay = 10 * TimeSpan.TicksPerMillisecond;

    /// <summary>What a timer can tell apart (RFC 9002 §6.1.2, kGranularity).</summary>
    public const long Granularity = TimeSpan.TicksPerMillisecond;

    // QUIC takes 333 ms (RFC 9002 §6.2.2); here the way was gone a moment ago, by what opened it, and the first packet is often lost to a peer that
    // is not listening yet.
    private const long Initial = 100 * TimeSpan.TicksPerMillisecond;

    /// <summary>Whether there was an answer at all.</summary>
    public bool IsKnown { get; private set; }

    public long Smoothed { get; private set; } = Initial;

    public long Variation { get; private set; } = Initial / 2;

    public long Latest { get; private set; } = Initial;

    /// <summary>The shortest of all.</summary>
    public long Least { get; private set; }

    /// <summary>How long to wait for an acknowledgement before asking again (RFC 9002 §6.2.1).</summary>
    public long ProbeTimeout => Smoothed + Math.Max(4 * Variation, Granularity) + MaxAckDelay;

    /// <summary>How much later than one sent after it a packet may be acknowledged before it counts as lost (RFC 9002 §6.1.2).</summary>
    public long LossDelay => Math.Max(Math.Max(Smoothed, Latest) * 9 / 8, Granularity);

    /// <summary>Takes a sample.</summary>
    /// <param name="latest">From sending to the acknowledgement.</param>
    /// <param name="ackDelay">How long the peer says it held that back.</param>
    public void Sample(long latest, long ackDelay)
    {
        Latest = Math.Max(1, latest);
        if (!IsKnown)
        {
            (IsKnown, Least, Smoothed, Variation) = (true, Latest, Latest, Latest / 2);
            return;
        }

        Least = Math.Min(Least, Latest);
        var delay = Math.Min(ackDelay, MaxAckDelay);
        var adjusted = Latest >= Least + delay ? Latest - delay : Latest;
        Variation = ((3 * Variation) + Math.Abs(Smoothed - adjusted)) / 4;
        Smoothed = ((7 * Smoothed) + adjusted) / 8;
    }
}
