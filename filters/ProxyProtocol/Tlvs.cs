using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace FilterProxy.Filters.ProxyProtocol;

/// <summary>The TLVs of a header of version 2.</summary>
internal sealed class Tlvs
{
    private const byte Alpn = 0x01, Authority = 0x02, Crc32c = 0x03, UniqueId = 0x05, Ssl = 0x20;
    private const byte SslVersion = 0x21, SslCommonName = 0x22, SslCipher = 0x23, SslSignature = 0x24, SslKey = 0x25;
    private const int MaxUniqueId = 128;
    private readonly List<ProxyProtocolTlv> _all;

    private Tlvs(List<ProxyProtocolTlv> all) => _all = all;

    /// <summary>Reads them, and checks what can be: lengths, the checksum, the form of those it knows.</summary>
    /// <param name="header">The whole header.</param>
    /// <param name="start">Where they begin.</param>
    /// <param name="tlvs">They.</param>
    public static bool TryParse(byte[] header, int start, out Tlvs tlvs)
    {
        var all = new List<ProxyProtocolTlv>();
        tlvs = new Tlvs(all);
        if (!TryRead(header.AsMemory(start), all))
        {
            return false;
        }

        var checksums = 0;
        var at = start;
        foreach (var tlv in all)
        {
            at += 3;
            switch (tlv.Type)
            {
                case Crc32c when tlv.Value.Length != 4 || ++checksums > 1 || !IsIntact(header, at):
                case UniqueId when tlv.Value.Length > MaxUniqueId:
                case Ssl when ReadTls(tlv.Value) is null:
                    return false;
            }

            at += tlv.Value.Length;
        }

        return true;
    }

    /// <summary>The header with them.</summary>
    public ProxyProtocolHeader Describe(ProxyProtocolHeader header) => _all.Count == 0 ? header : new ProxyProtocolHeader
    {
        Version = header.Version,
        Sender = header.Sender,
        Source = header.Source,
        Destination = header.Destination,
        Tlvs = _all,
        Alpn = TextOf(_all, Alpn),
        Authority = TextOf(_all, Authority),
        UniqueId = ValueOf(_all, UniqueId),
        Tls = _all.Exists(t => t.Type == Ssl) ? ReadTls(ValueOf(_all, Ssl)) : null,
    };

    private static bool TryRead(ReadOnlyMemory<byte> bytes, List<ProxyProtocolTlv> into)
    {
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < 3 || BinaryPrimitives.ReadUInt16BigEndian(bytes.Span[1..]) is var length && bytes.Length < 3 + length)
            {
                return false;
            }

            into.Add(new ProxyProtocolTlv(bytes.Span[0], bytes.Slice(3, length)));
            bytes = bytes[(3 + length)..];
        }

        return true;
    }

    /// <summary>The checksum is that of the whole header with zeros in its place.</summary>
    private static bool IsIntact(byte[] header, int at)
    {
        var crc = uint.MaxValue;
        for (var i = 0; i < header.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, i >= at && i < at + 4 ? (byte)0 : header[i]);
        }

        return ~crc == BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(at));
    }

    private static ProxyProtocolTls? ReadTls(ReadOnlyMemory<byte> value)
    {
        var inner = new List<ProxyProtocolTlv>();
        if (value.Length < 5 || !TryRead(value[5..], inner))
        {
            return null;
        }

        int flags = value.Span[0];
        var shown = (flags & 0x06) != 0;
        return new ProxyProtocolTls(
            IsTls: (flags & 0x01) != 0,
            HasClientCertificate: shown,
            IsVerified: shown && BinaryPrimitives.ReadUInt32BigEndian(value.Span[1..]) == 0,
            TextOf(inner, SslVersion),
            TextOf(inner, SslCommonName),
            TextOf(inner, SslCipher),
            TextOf(inner, SslSignature),
            TextOf(inner, SslKey));
    }

    private static string TextOf(List<ProxyProtocolTlv> tlvs, byte type) => Encoding.UTF8.GetString(ValueOf(tlvs, type).Span);

    private static ReadOnlyMemory<byte> ValueOf(List<ProxyProtocolTlv> tlvs, byte type) => tlvs.Find(t => t.Type == type).Value;
}
