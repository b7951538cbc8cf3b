using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace FilterProxy.Filters.Keys;

/// <summary>What a key is looked up by: an address itself, or a keyed 128-bit hash of anything else. Nobody can find two keys with the same one.</summary>
/// <param name="High">The upper half.</param>
/// <param name="Low">The lower half.</param>
/// <param name="IsAddress">Whether it is an address, IPv4 in its IPv6 form.</param>
internal readonly record struct KeyId(ulong High, ulong Low, bool IsAddress)
{
    private static readonly ulong Salt0 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private static readonly ulong Salt1 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <summary>What all share that have no key.</summary>
    public static KeyId Shared => default;

    /// <summary>Where it goes in a table: no client can choose keys that go to the same place.</summary>
    public uint Spread()
    {
        var high = Math.BigMul(High ^ Salt0, Low ^ Salt1, out var low);
        return (uint)(((high ^ low ^ High) * 0x9E3779B97F4A7C15) >> 32);
    }

    /// <summary>For operators: an address, or the key as far as it was kept.</summary>
    public string Show(ReadOnlySpan<byte> text)
    {
        if (this == Shared)
        {
            return "(shared)";
        }

        if (!IsAddress)
        {
            return Encoding.Latin1.GetString(text);
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        var address = new IPAddress(bytes);
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
