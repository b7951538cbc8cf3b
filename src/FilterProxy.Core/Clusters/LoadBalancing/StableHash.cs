using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Clusters.LoadBalancing;

/// <summary>Hashes that are the same in every process and version: who shares keys between proxies must agree on them.</summary>
internal static class StableHash
{
    private static readonly uint[] s_crcTable = BuildCrcTable();

    /// <summary>64 bits: FNV-1a, finished as MurmurHash3 does so that every bit counts.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 0x100000001B3;
        }

        return Mix(hash);
    }

    /// <summary>Spreads a number over all 64 bits.</summary>
    public static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53;
        return hash ^ (hash >> 33);
    }

    /// <summary>An address; IPv4 in IPv6 is that of IPv4.</summary>
    public static ulong Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        var mapped = address.AddressFamily == AddressFamily.InterNetworkV6 && address.IsIPv4MappedToIPv6;
        return Of(mapped ? bytes[12..] : bytes[..length]);
    }

    /// <summary>CRC-32 (IEEE 802.3) of bytes that follow those whose CRC is given.</summary>
    public static uint Crc32(ReadOnlySpan<byte> bytes, uint crc = 0)
    {
        crc = ~crc;
        foreach (var b in bytes)
        {
            crc = s_crcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] BuildCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++)
            {
                entry = (entry >> 1) ^ ((entry & 1) * 0xEDB88320);
            }

            table[i] = entry;
        }

        return table;
    }
}
