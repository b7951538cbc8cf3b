namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>What was sent and what becomes of it: acknowledgements, losses (RFC 9002 §6), and how much more may go.</summary>
/// <param name="buffer">The stream to send.</param>
internal sealed class DirectSender(SendBuffer buffer)
{
    // RFC 9002 §6.1.1, kPacketThreshold.
    private const int OvertakenBy = 3;

    // RFC 9002 §7.6.1, kPersistentCongestionThreshold.
    private const int TimeoutsOfCongestion = 3;
    private const long LongestTimeout = 2 * TimeSpan.TicksPerSecond;
    private const long ShortestLimitProbe = 50 * TimeSpan.TicksPerMillisecond;
    private readonly Pacer _pacer = new();
    private long _limit = ReceiveBuffer.Window;
    private long _largestAcked = -1;
    private long _lossAt = long.MaxValue;
    private long _askedAt;
    private int _timeouts;
    private int _limitProbes;

    public SendBuffer Buffer => buffer;

    public RoundTrip RoundTrip { get; } = new();

    public CongestionWindow Window { get; } = new();

    public SentPackets Packets { get; } = new();

    /// <summary>Packets given up.</summary>
    public long Lost { get; private set; }

    /// <summary>Whether something must go that the peer acknowledges, whatever the window is.</summary>
    public bool MustProbe { get; set; }

    /// <summary>Whether the last limit told may not have reached the peer.</summary>
    public bool IsLimitLost { get; set; }

    /// <summary>Whether the reset may not have reached the peer.</summary>
    public bool IsResetLost { get; set; }

    /// <summary>Whether the peer knows of the reset.</summary>
    public bool IsResetAcked { get; private set; }

    private bool IsHeldBack => Packets.Open == 0 && buffer.IsHeldBack(_limit);

    private long ProbeAt => Packets.Open > 0 ? _askedAt + Backed(RoundTrip.ProbeTimeout, _timeouts)
        : IsHeldBack ? _askedAt + Backed(Math.Max(RoundTrip.ProbeTimeout, ShortestLimitProbe), _limitProbes)
        : long.MaxValue;

    private bool HasRoom => Window.InFlight + DirectPacket.MaxSize <= Window.Size && !Packets.IsFull;

    /// <summary>Whether a piece of the stream, or a probe, may go now.</summary>
    public bool MaySend(long now) => MustProbe || (buffer.HasPiece(_limit) && HasRoom && _pacer.MayGo(Window, RoundTrip, now));

    /// <summary>When <see cref="OnTime"/> is due.</summary>
    /// <param name="sends">Whether pieces of the stream are sent.</param>
    public long Deadline(bool sends)
    {
        var deadline = Math.Min(_lossAt, ProbeAt);
        return sends && !MustProbe && _pacer.NextAt > 0 && buffer.HasPiece(_limit) && HasRoom ? Math.Min(deadline, _pacer.NextAt) : deadline;
    }

    /// <summary>The piece that goes now. None for a probe without any.</summary>
    public bool TryTake(int room, out StreamPiece piece) => buffer.TryTake(room, _limit, out piece) || (MustProbe && buffer.TryRepeat(room, out piece));

    /// <summary>A packet was sent, with the number that was the next.</summary>
    public void OnSent(in StreamPiece piece, SentContent content, int size, long now)
    {
        var asks = content != SentContent.None;
        Packets.Add(new SentPacket
        {
            SentAt = now,
            Offset = piece.Offset,
            Length = piece.Length,
            Size = (short)size,
            Content = content,
            IsOpen = asks,
        });
        if (asks)
        {
            MustProbe = false;
            _askedAt = now;
            Window.OnSent(size);
            _pacer.OnSent(size);
        }
    }

    /// <summary>The peer says what has arrived (RFC 9002 §A.7).</summary>
    public void OnAck(ref DirectFrame ack, long now)
    {
        if (ack.Limit > _limit)
        {
            (_limit, _limitProbes) = (ack.Limit, 0);
        }

        if (ack.Largest >= Packets.First && Packets[ack.Largest] is { IsOpen: true } newest)
        {
            RoundTrip.Sample(now - newest.SentAt, ack.Delay * TimeSpan.TicksPerMicrosecond);
        }

        var isUsed = Window.InFlight * 2 >= Window.Size;
        var open = Packets.Open;
        while (ack.Ranges.TryNext(out var start, out var end) && end > Packets.First)
        {
            for (var number = Math.Max(start, Packets.First); number < end; number++)
            {
                ref var packet = ref Packets[number];
                if (packet.IsOpen)
                {
                    Packets.Close(number, isAcked: true);
                    OnAcked(packet, isUsed);
                }
            }
        }

        _largestAcked = Math.Max(_largestAcked, ack.Largest);
        if (Packets.Open < open)
        {
            _timeouts = 0;
            Packets.Trim();
            Window.OnRound(RoundTrip, now);
            FindLost(now);
        }
    }

    /// <summary>Does what is due.</summary>
    public void OnTime(long now)
    {
        if (now >= _lossAt)
        {
            FindLost(now);
        }
        else if (now >= ProbeAt)
        {
            if (Packets.Open > 0)
            {
                _timeouts++;
            }
            else
            {
                _limitProbes++;
            }

            MustProbe = true;
        }
    }

    private static long Backed(long timeout, int times) => Math.Min(LongestTimeout, timeout << Math.Min(times, 16));

    private void OnAcked(in SentPacket packet, bool isUsed)
    {
        Window.OnAcked(packet.Size, packet.SentAt, isUsed);
        buffer.OnAcked(packet.Offset, packet.Length, packet.Content.HasFlag(SentContent.Last));
        IsResetAcked |= packet.Content.HasFlag(SentContent.Reset);
    }

    /// <summary>Gives up what later packets have overtaken by too many, or too long ago (RFC 9002 §6.1).</summary>
    private void FindLost(long now)
    {
        _lossAt = long.MaxValue;
        var delay = RoundTrip.LossDelay;
        long runFrom = -1, longest = 0;
        for (var number = Packets.First; number < _largestAcked; number++)
        {
            ref var packet = ref Packets[number];
            if (!packet.IsOpen)
            {
                runFrom = packet.IsAcked ? -1 : runFrom;
                continue;
            }

            if (_largestAcked - number < OvertakenBy && packet.SentAt + delay > now)
            {
                _lossAt = packet.SentAt + delay;
                break;
            }

            Packets.Close(number, isAcked: false);
            OnLost(packet, now);
            runFrom = runFrom < 0 ? packet.SentAt : runFrom;
            longest = Math.Max(longest, packet.SentAt - runFrom);
        }

        Packets.Trim();
        if (RoundTrip.IsKnown && longest > RoundTrip.ProbeTimeout * TimeoutsOfCongestion)
        {
            Window.OnPersistentCongestion();
        }
    }

    private void OnLost(in SentPacket packet, long now)
    {
        Lost++;
        Window.OnForgotten(packet.Size);
        Window.OnLost(packet.SentAt, RoundTrip, now);
        IsLimitLost |= packet.Content.HasFlag(SentContent.Limit);
        IsResetLost |= packet.Content.HasFlag(SentContent.Reset);
        buffer.OnLost(packet.Offset, packet.Length, packet.Content.HasFlag(SentContent.Last));
    }
}
