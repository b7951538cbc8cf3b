using System.Buffers.Binary;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>
/// A datagram's form: a byte that says the protocol and its version, the packet's number in 8 bytes, frames encrypted, and the seal. It is QUIC's
/// short header (RFC 9000 §17.3) with nothing hidden or shortened: there is one connection to a socket.
/// </summary>
internal static class DirectPacket
{
    /// <summary>The first byte. STUN and what opens the way have those below 0x40 at the same socket.</summary>
    public const byte First = 0x40;

    /// <summary>Bytes of a datagram at most: what every path carries that QUIC could use (RFC 9000 §14).</summary>
    public const int MaxSize = 1200;

    /// <summary>Bytes before the frames, which are authenticated with them.</summary>
    public const int HeaderSize = 9;

    /// <summary>Bytes behind the frames.</summary>
    public const int SealSize = 16;

    /// <summary>Bytes of frames at most.</summary>
    public const int MaxContent = MaxSize - HeaderSize - SealSize;

    /// <summary>Writes what stands before the frames.</summary>
    public static void WriteHeader(Span<byte> datagram, long number)
    {
        datagram[0] = First;
        BinaryPrimitives.WriteInt64BigEndian(datagram[1..], number);
    }

    /// <summary>Reads what stands before the frames.</summary>
    /// <returns>False for what cannot be one of these.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> datagram, out long number)
    {
        number = 0;
        if (datagram.Length is <= HeaderSize + SealSize or > MaxSize || datagram[0] != First)
        {
            return false;
        }

        number = BinaryPrimitives.ReadInt64BigEndian(datagram[1..]);
        return number is >= 0 and <= VarInt.Max;
    }
}
