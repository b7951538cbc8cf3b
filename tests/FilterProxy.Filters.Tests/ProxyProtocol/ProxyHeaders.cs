using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

/// <summary>Headers as a proxy in front would send them.</summary>
internal static class ProxyHeaders
{
    public const byte Local = 0x20, Proxy = 0x21;
    public const byte Unspecified = 0x00, Tcp4 = 0x11, Tcp6 = 0x21, Unix = 0x31;
    private static readonly byte[] Signature = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    public static byte[] V1(string line = "TCP4 203.0.113.9 198.51.100.1 40000 443") => Encoding.ASCII.GetBytes($"PROXY {line}\r\n");

    public static byte[] V2(byte command = Proxy, byte family = Tcp4, byte[]? addresses = null, params byte[][] tlvs)
    {
        byte[] payload = [.. addresses ?? Addresses4, .. tlvs.SelectMany(t => t)];
        return [.. Signature, command, family, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
    }

    /// <summary>203.0.113.9:40000 to 198.51.100.1:443.</summary>
    public static byte[] Addresses4 => [203, 0, 113, 9, 198, 51, 100, 1, 40000 >> 8, 40000 & 255, 443 >> 8, 443 & 255];

    /// <summary>[2001:db8::9]:40000 to [2001:db8::1]:443.</summary>
    public static byte[] Addresses6 =>
        [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 40000 >> 8, 40000 & 255, 443 >> 8, 443 & 255];

    public static byte[] AddressesUnix(string source, string destination)
    {
        var bytes = new byte[216];
        Encoding.UTF8.GetBytes(source, bytes);
        Encoding.UTF8.GetBytes(destination, bytes.AsSpan(108));
        return bytes;
    }

    public static byte[] Tlv(byte type, params byte[] value) => [type, (byte)(value.Length >> 8), (byte)value.Length, .. value];

    public static byte[] Tlv(byte type, string value) => Tlv(type, Encoding.UTF8.GetBytes(value));

    /// <summary>TLS 1.3 with a verified client certificate.</summary>
    public static byte[] Tls(byte flags = 0x07, byte verify = 0) =>
        Tlv(0x20, [flags, 0, 0, 0, verify, .. Tlv(0x21, "TLSv1.3"), .. Tlv(0x22, "client one"), .. Tlv(0x23, "TLS_AES_128_GCM_SHA256")]);

    /// <summary>A header with the right checksum behind its other TLVs.</summary>
    public static byte[] V2WithChecksum(params byte[][] tlvs)
    {
        var header = V2(tlvs: [.. tlvs, Tlv(0x03, 0, 0, 0, 0)]);
        var crc = uint.MaxValue;
        foreach (var b in header)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(header.Length - 4), ~crc);
        return header;
    }
}
