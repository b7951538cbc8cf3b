using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>Version 2: a signature, command, family, length; addresses; TLVs.</summary>
internal static class HeaderV2
{
    /// <summary>Bytes before the addresses.</summary>
    public const int FixedLength = 16;

    private const int UnixPathLength = 108;

    public static ReadOnlySpan<byte> Signature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Bytes of the whole header.</summary>
    public static int LengthOf(ReadOnlySpan<byte> head) => FixedLength + BinaryPrimitives.ReadUInt16BigEndian(head[14..]);

    /// <summary>The header; null when it is malformed.</summary>
    /// <param name="bytes">All of it; kept, for the TLVs.</param>
    /// <param name="sender">Who is connected.</param>
    public static ProxyProtocolHeader? Parse(byte[] bytes, EndPoint? sender)
    {
        var (version, command, family, transport) = (bytes[12] >> 4, bytes[12] & 0x0F, bytes[13] >> 4, bytes[13] & 0x0F);
        if (version != 2 || command > 1)
        {
            return null;
        }

        if (command == 0)
        {
            // LOCAL: the family and what follows are to be discarded, whatever they say.
            return new ProxyProtocolHeader { Version = 2, IsLocal = true, Sender = sender };
        }

        if (family > 3 || transport > 2)
        {
            return null;
        }

        var address = family switch { 1 => 4, 2 => 16, 3 => UnixPathLength, _ => 0 };
        var end = FixedLength + (2 * address) + (family is 1 or 2 ? 4 : 0);
        if (bytes.Length < end)
        {
            return null;
        }

        if (!Tlvs.TryParse(bytes, end, out var tlvs))
        {
            // Behind a family that is not specified there may be addresses nobody can read.
            return family == 0 ? new ProxyProtocolHeader { Version = 2, Sender = sender } : null;
        }

        var ports = FixedLength + (2 * address);
        return tlvs.Describe(new ProxyProtocolHeader
        {
            Version = 2,
            Sender = sender,
            Source = EndPointAt(bytes, family, FixedLength, address, ports),
            Destination = EndPointAt(bytes, family, FixedLength + address, address, ports + 2),
        });
    }

    private static EndPoint? EndPointAt(byte[] bytes, int family, int at, int length, int port) => family switch
    {
        1 or 2 => new IPEndPoint(new IPAddress(bytes.AsSpan(at, length)), BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(port))),
        3 => UnixAt(bytes.AsSpan(at, length)),
        _ => null,
    };

    private static UnixDomainSocketEndPoint? UnixAt(ReadOnlySpan<byte> path)
    {
        // An abstract name begins with NUL, an unnamed socket has none: neither names a file.
        var end = path.IndexOf((byte)0);
        path = end < 0 ? path : path[..end];
        try
        {
            return path.IsEmpty ? null : new UnixDomainSocketEndPoint(Encoding.UTF8.GetString(path));
        }
        catch (Exception e) when (e is ArgumentException or PlatformNotSupportedException)
        {
            return null;
        }
    }
}
