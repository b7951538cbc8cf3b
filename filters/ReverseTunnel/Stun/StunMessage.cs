using System.Buffers.Binary;
using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Stun;

/// <summary>The two messages of STUN (RFC 8489) by which somebody learns from which address he is seen: a Binding request and the answer to it.</summary>
internal static class StunMessage
{
    public const int TransactionLength = 12;
    public const int RequestLength = HeaderLength;

    /// <summary>Bytes of the longest answer that is written.</summary>
    public const int LongestAnswer = HeaderLength + AttributeHeader + 4 + 16;

    private const int HeaderLength = 20;
    private const int AttributeHeader = 4;
    private const ushort BindingRequest = 0x0001, BindingSuccess = 0x0101;
    private const uint Cookie = 0x2112A442;
    private const ushort XorMappedAddress = 0x0020;
    private const ushort FirstOptional = 0x8000;
    private const byte IPv4 = 1, IPv6 = 2;

    /// <summary>Writes a request of <see cref="RequestLength"/> bytes.</summary>
    public static void WriteRequest(ReadOnlySpan<byte> transaction, Span<byte> into) => WriteHeader(BindingRequest, 0, transaction, into);

    /// <summary>The transaction of a request; empty where a datagram is none that can be answered.</summary>
    public static ReadOnlySpan<byte> TransactionOf(ReadOnlySpan<byte> datagram) =>
        IsWhole(datagram, BindingRequest) && TryWalk(datagram, out _) ? datagram.Slice(8, TransactionLength) : default;

    /// <summary>Writes an answer.</summary>
    /// <param name="transaction">The request's.</param>
    /// <param name="client">Where the request came from.</param>
    /// <param name="into">At least <see cref="LongestAnswer"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteAnswer(ReadOnlySpan<byte> transaction, IPEndPoint client, Span<byte> into)
    {
        Span<byte> address = stackalloc byte[16];
        var mapped = client.Address.IsIPv4MappedToIPv6 ? client.Address.MapToIPv4() : client.Address;
        mapped.TryWriteBytes(address, out var length);
        var value = 4 + length;
        WriteHeader(BindingSuccess, AttributeHeader + value, transaction, into);
        var attribute = into[HeaderLength..];
        BinaryPrimitives.WriteUInt16BigEndian(attribute, XorMappedAddress);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)value);
        attribute[4] = 0;
        attribute[5] = length == 4 ? IPv4 : IPv6;
        BinaryPrimitives.WriteUInt16BigEndian(attribute[6..], (ushort)(client.Port ^ (Cookie >> 16)));
        Xor(address[..length], into.Slice(4, 16), attribute[8..]);
        return HeaderLength + AttributeHeader + value;
    }

    /// <summary>Where a client is seen, as the answer to one of its requests says; null where a datagram is none, or the answer to another.</summary>
    public static IPEndPoint? ReadAnswer(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> transaction)
    {
        if (!IsWhole(datagram, BindingSuccess) || !datagram.Slice(8, TransactionLength).SequenceEqual(transaction) || !TryWalk(datagram, out var value))
        {
            return null;
        }

        var length = value.Length == 0 ? 0 : value[1] switch { IPv4 => 4, IPv6 => 16, _ => 0 };
        if (length == 0 || value.Length != 4 + length)
        {
            return null;
        }

        Span<byte> address = stackalloc byte[16];
        Xor(value[4..], datagram.Slice(4, 16), address);
        return new IPEndPoint(new IPAddress(address[..length]), BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ (int)(Cookie >> 16));
    }

    private static bool IsWhole(ReadOnlySpan<byte> datagram, ushort type) =>
        datagram.Length >= HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(datagram) == type
        && BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) == datagram.Length - HeaderLength && BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]) == Cookie;

    /// <summary>Goes through the attributes. False where they do not fit, or one of them is unknown that must be understood (RFC 8489 §6.3).</summary>
    /// <param name="datagram">With a header that is right.</param>
    /// <param name="mapped">What the first XOR-MAPPED-ADDRESS holds; empty where there is none.</param>
    private static bool TryWalk(ReadOnlySpan<byte> datagram, out ReadOnlySpan<byte> mapped)
    {
        mapped = default;
        for (var rest = datagram[HeaderLength..]; rest.Length > 0;)
        {
            if (rest.Length < AttributeHeader)
            {
                return false;
            }

            var type = BinaryPrimitives.ReadUInt16BigEndian(rest);
            var length = (int)BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            var padded = AttributeHeader + ((length + 3) & ~3);
            if (padded > rest.Length || !IsKnown(type))
            {
                return false;
            }

            if (type == XorMappedAddress && mapped.IsEmpty)
            {
                mapped = rest.Slice(AttributeHeader, length);
            }

            rest = rest[padded..];
        }

        return true;
    }

    // MAPPED-ADDRESS, USERNAME, MESSAGE-INTEGRITY, ERROR-CODE, UNKNOWN-ATTRIBUTES, REALM, NONCE, and those of RFC 8489 itself: neither of us asks for credentials.
    private static bool IsKnown(ushort type) =>
        type is >= FirstOptional or 0x0001 or 0x0006 or 0x0008 or 0x0009 or 0x000A or 0x0014 or 0x0015 or 0x001C or 0x001D or 0x001E or XorMappedAddress;

    private static void WriteHeader(ushort type, int length, ReadOnlySpan<byte> transaction, Span<byte> into)
    {
        BinaryPrimitives.WriteUInt16BigEndian(into, type);
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], (ushort)length);
        BinaryPrimitives.WriteUInt32BigEndian(into[4..], Cookie);
        transaction[..TransactionLength].CopyTo(into[8..]);
    }

    // An address is hidden by the cookie and the transaction behind it, from gateways that would translate it (RFC 8489 §14.2).
    private static void Xor(ReadOnlySpan<byte> address, ReadOnlySpan<byte> with, Span<byte> into)
    {
        for (var i = 0; i < address.Length; i++)
        {
            into[i] = (byte)(address[i] ^ with[i]);
        }
    }
}
