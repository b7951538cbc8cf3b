namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>Kinds of frames, with QUIC's numbers where it has the like (RFC 9000 §19).</summary>
internal enum DirectFrameKind : byte
{
    /// <summary>Asks for an acknowledgement (RFC 9000 §19.2).</summary>
    Ping = 0x01,

    /// <summary>What has arrived, and up to where the stream may go (RFC 9000 §19.3 and §19.9 in one).</summary>
    Ack = 0x02,

    /// <summary>A piece of the stream (RFC 9000 §19.8).</summary>
    Stream = 0x08,

    /// <summary>A piece of the stream that is its last.</summary>
    LastOfStream = 0x09,

    /// <summary>The connection is broken off (RFC 9000 §19.19, without a reason).</summary>
    Reset = 0x1C,
}

/// <summary>A frame as it was read.</summary>
internal ref struct DirectFrame
{
    public DirectFrameKind Kind;

    /// <summary>Of an acknowledgement: the largest packet number that arrived.</summary>
    public long Largest;

    /// <summary>Of an acknowledgement: how long it was held back after that packet, in microseconds.</summary>
    public long Delay;

    /// <summary>Of an acknowledgement: the offset up to which the peer takes the stream.</summary>
    public long Limit;

    /// <summary>Of an acknowledgement: ranges as they stand in the packet.</summary>
    public AckedRanges Ranges;

    /// <summary>Of a piece of the stream: where it belongs.</summary>
    public long Offset;

    /// <summary>Of a piece of the stream: its bytes.</summary>
    public ReadOnlySpan<byte> Data;

    /// <summary>Reads the next frame of a packet, and moves the span behind it.</summary>
    /// <returns>False where it is malformed.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> content, out DirectFrame frame)
    {
        frame = default;
        if (content.IsEmpty)
        {
            return false;
        }

        var kind = (DirectFrameKind)content[0];
        content = content[1..];
        var isRead = kind switch
        {
            DirectFrameKind.Ping or DirectFrameKind.Reset => true,
            DirectFrameKind.Ack => TryReadAck(ref content, out frame),
            DirectFrameKind.Stream or DirectFrameKind.LastOfStream => TryReadStream(ref content, out frame),
            _ => false,
        };
        frame.Kind = kind;
        return isRead;
    }

    /// <summary>Bytes of a stream frame besides its data, at most.</summary>
    public static int StreamHeadSize(long offset) => 1 + VarInt.LengthOf(offset) + 2;

    /// <summary>Writes a stream frame's head; its data follow.</summary>
    public static int WriteStreamHead(Span<byte> into, long offset, int length, bool isLast)
    {
        into[0] = (byte)(isLast ? DirectFrameKind.LastOfStream : DirectFrameKind.Stream);
        var at = 1 + VarInt.Write(into[1..], offset);
        return at + VarInt.Write(into[at..], length);
    }

    /// <summary>Writes an acknowledgement of as many ranges as there is room for, the newest first.</summary>
    /// <returns>Its bytes; 0 where not even the newest has room, or there is none.</returns>
    public static int WriteAck(Span<byte> into, RangeSet received, int mostRanges, long delay, long limit)
    {
        const int Head = 1 + 8 + 8 + 8 + 1 + 8;
        if (received.Count == 0 || into.Length < Head)
        {
            return 0;
        }

        var (start, end) = received[received.Count - 1];
        into[0] = (byte)DirectFrameKind.Ack;
        var at = 1 + VarInt.Write(into[1..], end - 1);
        at += VarInt.Write(into[at..], delay);
        at += VarInt.Write(into[at..], limit);
        var countAt = at++;
        at += VarInt.Write(into[at..], end - 1 - start);
        var more = 0;
        for (var i = received.Count - 2; i >= 0 && more < Math.Min(mostRanges - 1, 63); i--, more++)
        {
            var (gap, length) = (start - received[i].End - 1, received[i].End - 1 - received[i].Start);
            if (into.Length - at < VarInt.LengthOf(gap) + VarInt.LengthOf(length))
            {
                break;
            }

            at += VarInt.Write(into[at..], gap);
            at += VarInt.Write(into[at..], length);
            start = received[i].Start;
        }

        into[countAt] = (byte)more;
        return at;
    }

    private static bool TryReadAck(ref ReadOnlySpan<byte> content, out DirectFrame frame)
    {
        frame = default;
        if (!VarInt.TryRead(ref content, out frame.Largest) || !VarInt.TryRead(ref content, out frame.Delay)
            || !VarInt.TryRead(ref content, out frame.Limit) || !VarInt.TryRead(ref content, out var more) || more > 63)
        {
            return false;
        }

        var ranges = new AckedRanges(frame.Largest, (int)more, content);
        frame.Ranges = ranges;
        while (ranges.TryNext(out _, out _))
        {
        }

        content = ranges.Rest;
        return ranges.IsWhole;
    }

    private static bool TryReadStream(ref ReadOnlySpan<byte> content, out DirectFrame frame)
    {
        frame = default;
        if (!VarInt.TryRead(ref content, out frame.Offset) || !VarInt.TryRead(ref content, out var length) || length > content.Length)
        {
            return false;
        }

        frame.Data = content[..(int)length];
        content = content[(int)length..];
        return frame.Offset <= VarInt.Max - length;
    }
}

/// <summary>Goes through the ranges of an acknowledgement, from the newest to the oldest (RFC 9000 §19.3.1).</summary>
/// <param name="largest">The largest number of all.</param>
/// <param name="more">Ranges behind the first.</param>
/// <param name="rest">Where they are.</param>
internal ref struct AckedRanges(long largest, int more, ReadOnlySpan<byte> rest)
{
    private ReadOnlySpan<byte> _rest = rest;
    private long _smallest = largest;
    private int _left = more + 1;
    private bool _isFirst = true;

    /// <summary>What is behind the ranges gone through.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Whether the last was gone through.</summary>
    public readonly bool IsWhole => _left == 0;

    /// <summary>The next range: numbers from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    /// <returns>False behind the last, and where one is malformed.</returns>
    public bool TryNext(out long start, out long end)
    {
        (start, end) = (0, 0);
        long gap = 0;
        if (_left == 0 || (!_isFirst && !VarInt.TryRead(ref _rest, out gap)) || !VarInt.TryRead(ref _rest, out var length))
        {
            return false;
        }

        // A gap counts one less than there are numbers in it.
        end = _isFirst ? _smallest + 1 : _smallest - gap - 1;
        start = end - 1 - length;
        if (start < 0)
        {
            return false;
        }

        (_smallest, _isFirst) = (start, false);
        _left--;
        return true;
    }
}
