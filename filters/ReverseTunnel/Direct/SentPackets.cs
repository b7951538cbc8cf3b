namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>What a packet carried that must reach the peer.</summary>
[Flags]
internal enum SentContent : byte
{
    /// <summary>An acknowledgement alone, which is not acknowledged.</summary>
    None = 0,

    /// <summary>Anything that is acknowledged.</summary>
    Asks = 1,

    /// <summary>The end of the stream.</summary>
    Last = 2,

    /// <summary>A new limit for the peer.</summary>
    Limit = 4,

    /// <summary>A reset.</summary>
    Reset = 8,
}

/// <summary>A packet that was sent.</summary>
internal struct SentPacket
{
    /// <summary>When.</summary>
    public long SentAt;

    /// <summary>The piece of the stream it carried.</summary>
    public long Offset;

    /// <summary>Bytes of that piece.</summary>
    public int Length;

    /// <summary>Bytes of the datagram.</summary>
    public short Size;

    public SentContent Content;

    /// <summary>Whether neither acknowledged nor given up.</summary>
    public bool IsOpen;

    /// <summary>Whether acknowledged.</summary>
    public bool IsAcked;
}

/// <summary>Packets in the order of their numbers, from the oldest that is open (RFC 9002 §A.1).</summary>
internal sealed class SentPackets
{
    /// <summary>Open ones at most: small pieces must not take memory without end.</summary>
    public const int Most = 1 << 14;

    private SentPacket[] _packets = new SentPacket[64];

    /// <summary>The number of the oldest.</summary>
    public long First { get; private set; }

    /// <summary>The number of the next.</summary>
    public long Next { get; private set; }

    /// <summary>Those that ask for an acknowledgement and have none.</summary>
    public int Open { get; private set; }

    public bool IsFull => Next - First >= Most;

    /// <summary>One that is not older than the oldest.</summary>
    public ref SentPacket this[long number] => ref _packets[number & (_packets.Length - 1)];

    /// <summary>Adds the next.</summary>
    public void Add(in SentPacket packet)
    {
        if (Next - First == _packets.Length)
        {
            Grow();
        }

        this[Next++] = packet;
        if (packet.IsOpen)
        {
            Open++;
        }
        else
        {
            Trim();
        }
    }

    /// <summary>Closes an open one.</summary>
    public void Close(long number, bool isAcked)
    {
        ref var packet = ref this[number];
        (packet.IsOpen, packet.IsAcked) = (false, isAcked);
        Open--;
    }

    /// <summary>Forgets the oldest as far as they are closed.</summary>
    public void Trim()
    {
        while (First < Next && !this[First].IsOpen)
        {
            First++;
        }
    }

    private void Grow()
    {
        var larger = new SentPacket[_packets.Length * 2];
        for (var number = First; number < Next; number++)
        {
            larger[number & (larger.Length - 1)] = this[number];
        }

        _packets = larger;
    }
}
