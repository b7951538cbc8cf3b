using System.Buffers.Binary;

namespace FilterProxy.Filters.ReverseTunnel.Direct;

/// <summary>Whole numbers below 2^62 in 1, 2, 4 or 8 bytes (RFC 9000 §16).</summary>
internal static class VarInt
{
    /// <summary>The largest there is.</summary>
    public const long Max = (1L << 62) - 1;

    /// <summary>Bytes of a number from 0 to <see cref="Max"/>.</summary>
    public static int LengthOf(long value) => value < 1 << 6 ? 1 : value < 1 << 14 ? 2 : value < 1 << 30 ? 4 : 8;

    /// <summary>Writes a number into a span with room for it.</summary>
    /// <returns>Its bytes.</returns>
    public static int Write(Span<byte> into, long value)
    {
        switch (LengthOf(value))
        {
            case 1:
                into[0] = (byte)value;
                return 1;
            case 2:
                BinaryPrimitives.WriteUInt16BigEndian(into, (ushort)(value | 0x4000));
                return 2;
            case 4:
                BinaryPrimitives.WriteUInt32BigEndian(into, (uint)value | 0x8000_0000);
                return 4;
            default:
                BinaryPrimitives.WriteUInt64BigEndian(into, (ulong)value | 0xC000_0000_0000_0000);
                return 8;
        }
    }

    /// <summary>Reads a number, and moves the span behind it.</summary>
    /// <returns>False where it is cut off; the span stays.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> from, out long value)
    {
        value = 0;
        if (from.IsEmpty)
        {
            return false;
        }

        var length = 1 << (from[0] >> 6);
        if (from.Length < length)
        {
            return false;
        }

        value = from[0] & 0x3F;
        for (var i = 1; i < length; i++)
        {
            value = (value << 8) | from[i];
        }

        from = from[length..];
        return true;
    }
}
