using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Pipeline;

/// <summary>Who counts as one client: an IPv4 address, or the 64 bits of an IPv6 address that name its network: a host has all the rest.</summary>
internal readonly record struct ClientKey(ulong Value, bool IsV6)
{
    public static ClientKey Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork ? new ClientKey(BinaryPrimitives.ReadUInt32BigEndian(bytes), false)
            : address.IsIPv4MappedToIPv6 ? new ClientKey(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]), false)
            : new ClientKey(BinaryPrimitives.ReadUInt64BigEndian(bytes), true);
    }
}
