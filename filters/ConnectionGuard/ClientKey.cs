using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Filters.ConnectionGuard;

/// <summary>Whom a connection is counted for: an address of IPv4, or the network of IPv6 its client can choose addresses from.</summary>
internal static class ClientKey
{
    /// <summary>Of the connections of unix sockets, which are all one client's.</summary>
    public static readonly UInt128 None = UInt128.Zero;

    public static UInt128 Of(IPAddress? address, int ipv6Prefix)
    {
        if (address is null)
        {
            return None;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return address.AddressFamily == AddressFamily.InterNetwork
            ? new UInt128(0, 0xFFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : BinaryPrimitives.ReadUInt128BigEndian(bytes[..length]) & (ipv6Prefix == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - ipv6Prefix));
    }
}
