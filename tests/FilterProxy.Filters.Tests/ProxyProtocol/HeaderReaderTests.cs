using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.ProxyProtocol;
using Xunit;
using static FilterProxy.Filters.Tests.ProxyProtocol.ProxyHeaders;

namespace FilterProxy.Filters.Tests.ProxyProtocol;

public class HeaderReaderTests
{
    private const int MaxSize = 4096;

    [Theory]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443", "203.0.113.9:40000", "198.51.100.1:443")]
    [InlineData("TCP4 0.0.0.0 255.255.255.255 0 65535", "0.0.0.0:0", "255.255.255.255:65535")]
    [InlineData("TCP6 2001:db8::9 2001:db8::1 40000 443", "[2001:db8::9]:40000", "[2001:db8::1]:443")]
    [InlineData("TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")]
    public void Version_1_tells_both_addresses(string line, string source, string destination)
    {
        var header = Complete(V1(line));

        Assert.Equal((1, source, destination), (header.Version, header.Source!.ToString(), header.Destination!.ToString()));
    }

    [Theory]
    [InlineData("UNKNOWN")]
    [InlineData("UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535")]
    [InlineData("UNKNOWN whatever this may be")]
    public void Version_1_of_an_unknown_protocol_tells_nothing(string line)
    {
        var header = Complete(V1(line));

        Assert.Null(header.Source);
        Assert.False(header.IsLocal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("TCP4")]
    [InlineData("TCP5 203.0.113.9 198.51.100.1 40000 443")]
    [InlineData("tcp4 203.0.113.9 198.51.100.1 40000 443")]
    [InlineData("TCP4  203.0.113.9 198.51.100.1 40000 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443 ")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443 1")]
    [InlineData("TCP4 203.0.113 198.51.100.1 40000 443")]
    [InlineData("TCP4 203.0.113.256 198.51.100.1 40000 443")]
    [InlineData("TCP4 203.0.113.09 198.51.100.1 40000 443")]
    [InlineData("TCP4 0x7f.0.0.1 198.51.100.1 40000 443")]
    [InlineData("TCP4 2130706433 198.51.100.1 40000 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 65536 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 040 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 -1 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 +1 443")]
    [InlineData("TCP4 2001:db8::9 2001:db8::1 40000 443")]
    [InlineData("TCP6 203.0.113.9 198.51.100.1 40000 443")]
    [InlineData("TCP6 2001:db8::9%eth0 2001:db8::1 40000 443")]
    [InlineData("TCP6 [2001:db8::9] 2001:db8::1 40000 443")]
    [InlineData("TCP6 2001:db8:::9 2001:db8::1 40000 443")]
    [InlineData("TCP4\t203.0.113.9 198.51.100.1 40000 443")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443\n")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443\0")]
    [InlineData("TCP4 203.0.113.9 198.51.100.1 40000 443\r")]
    public void Version_1_is_read_strictly(string line) => Assert.Equal(HeaderStatus.Malformed, Read(V1(line), out _, out _));

    [Fact]
    public void Version_1_ends_by_107_bytes()
    {
        Assert.Equal(HeaderStatus.Complete, Read(V1("UNKNOWN " + new string('x', 91)), out _, out var length));
        Assert.Equal(107, length);
        Assert.Equal(HeaderStatus.TooLarge, Read(V1("UNKNOWN " + new string('x', 92)), out _, out _));
        Assert.Equal(HeaderStatus.TooLarge, Read(Encoding.ASCII.GetBytes("PROXY " + new string('x', 1000)), out _, out _));
    }

    [Fact]
    public void Version_2_tells_addresses_of_both_internet_families()
    {
        var four = Complete(V2());
        var six = Complete(V2(family: Tcp6, addresses: Addresses6));

        Assert.Equal((2, "203.0.113.9:40000", "198.51.100.1:443"), (four.Version, four.Source!.ToString(), four.Destination!.ToString()));
        Assert.Equal(("[2001:db8::9]:40000", "[2001:db8::1]:443"), (six.Source!.ToString(), six.Destination!.ToString()));
    }

    [Fact]
    public void Version_2_tells_unix_sockets()
    {
        var header = Complete(V2(family: Unix, addresses: AddressesUnix("/run/client", "/run/server")));
        var unnamed = Complete(V2(family: Unix, addresses: AddressesUnix("", "/run/server")));

        Assert.Equal(("/run/client", "/run/server"), (header.Source!.ToString(), header.Destination!.ToString()));
        Assert.IsType<UnixDomainSocketEndPoint>(header.Source);
        Assert.Null(unnamed.Source);
    }

    [Fact]
    public void Local_says_nothing_whatever_follows_its_command()
    {
        foreach (var bytes in new[] { V2(Local, Unspecified, []), V2(Local), V2(Local, 0xFF, [1, 2, 3]), V2(Local, Unspecified, [], Tlv(0x03, 1, 2, 3, 4)) })
        {
            var header = Complete(bytes);
            Assert.True(header.IsLocal);
            Assert.Null(header.Source);
            Assert.Empty(header.Tlvs);
        }
    }

    [Fact]
    public void A_family_that_is_not_specified_tells_no_addresses()
    {
        Assert.Null(Complete(V2(family: Unspecified, addresses: [])).Source);
        Assert.Equal("a", Complete(V2(family: Unspecified, addresses: [], tlvs: Tlv(0x02, "a"))).Authority);
        Assert.Empty(Complete(V2(family: Unspecified, addresses: [1, 2, 3, 4, 5])).Tlvs);
    }

    [Fact]
    public void Tlvs_are_kept_and_those_with_a_meaning_named()
    {
        var header = Complete(V2(tlvs: [Tlv(0x01, "h2"), Tlv(0x02, "www.example.com"), Tlv(0x05, 1, 2, 3), Tlv(0x04), Tls(), Tlv(0xEA, 1, (byte)'v')]));

        Assert.Equal(("h2", "www.example.com", "010203"), (header.Alpn, header.Authority, Convert.ToHexString(header.UniqueId.Span)));
        Assert.Equal([0x01, 0x02, 0x05, 0x04, 0x20, 0xEA], header.Tlvs.Select(t => t.Type));
        Assert.True(header.TryGetTlv(0xEA, out var value));
        Assert.Equal([1, (byte)'v'], value.ToArray());
        Assert.False(header.TryGetTlv(0xEB, out _));
        Assert.Equal(new ProxyProtocolTls(true, true, true, "TLSv1.3", "client one", "TLS_AES_128_GCM_SHA256"), header.Tls);
    }

    [Theory]
    [InlineData(0x01, 0, true, false, false)]
    [InlineData(0x03, 1, true, true, false)]
    [InlineData(0x05, 0, true, true, true)]
    [InlineData(0x00, 0, false, false, false)]
    public void A_certificate_is_verified_only_where_one_was_shown(byte flags, byte verify, bool tls, bool shown, bool verified)
    {
        var told = Complete(V2(tlvs: Tls(flags, verify))).Tls!;

        Assert.Equal((tls, shown, verified), (told.IsTls, told.HasClientCertificate, told.IsVerified));
    }

    [Fact]
    public void A_checksum_must_fit_and_any_flipped_bit_shows()
    {
        var header = V2WithChecksum(Tlv(0x02, "www.example.com"));
        Assert.Equal("www.example.com", Complete(header).Authority);

        for (var i = 16 * 8; i < header.Length * 8; i++)
        {
            var flipped = header.ToArray();
            flipped[i / 8] ^= (byte)(1 << (i % 8));
            if (flipped[^7] == header[^7] && flipped[^6] == header[^6] && flipped[^5] == header[^5])
            {
                Assert.NotEqual(HeaderStatus.Complete, Read(flipped, out _, out _));
            }
        }
    }

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "version 1 in the binary form", V2(0x11) },
        { "version 3", V2(0x31) },
        { "command 2", V2(0x22) },
        { "family 4", V2(family: 0x41) },
        { "transport 3", V2(family: 0x13) },
        { "addresses cut", V2(addresses: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) },
        { "IPv6 with the length of IPv4", V2(family: Tcp6) },
        { "unix with the length of IPv4", V2(family: Unix) },
        { "a TLV without a length", V2(tlvs: [0x01]) },
        { "a TLV with half a length", V2(tlvs: [0x01, 0x00]) },
        { "a TLV longer than the header", V2(tlvs: [0x01, 0x00, 0x05, 0x61]) },
        { "a unique id of 129 bytes", V2(tlvs: Tlv(0x05, new byte[129])) },
        { "a checksum of 3 bytes", V2(tlvs: Tlv(0x03, 1, 2, 3)) },
        { "two checksums", V2WithChecksum(Tlv(0x03, 0, 0, 0, 0)) },
        { "TLS without its fixed part", V2(tlvs: Tlv(0x20, 1, 0, 0, 0)) },
        { "TLS with a TLV cut", V2(tlvs: Tlv(0x20, 1, 0, 0, 0, 0, 0x21, 0, 9)) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Version_2_is_read_strictly(string what, byte[] header)
    {
        Assert.NotEmpty(what);
        Assert.Equal(HeaderStatus.Malformed, Read(header, out _, out _));
    }

    [Fact]
    public void Version_2_is_refused_by_its_length_before_the_rest_has_come()
    {
        var header = V2(tlvs: Tlv(0x02, new string('a', 5000)));

        Assert.Equal(HeaderStatus.TooLarge, Read(header[..16], out _, out _));
        Assert.Equal(HeaderStatus.Complete, HeaderReader.Read(new(header), 65551, null, out var read, out _));
        Assert.Equal(5000, read!.Authority.Length);
        Assert.Equal(HeaderStatus.Complete, HeaderReader.Read(new(V2(tlvs: Tlv(0xE0, new byte[65535 - 15]))), 65551, null, out _, out var length));
        Assert.Equal(65551, length);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("POST / HTTP/1.1\r\n")]
    [InlineData("PROXY")]
    [InlineData("PROXYING / HTTP/1.1\r\n")]
    [InlineData("\r\n\r\nGET / HTTP/1.1\r\n")]
    [InlineData("\u0016\u0003\u0001")]
    public void Other_beginnings_are_told_apart_as_early_as_can_be(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var first = Enumerable.Range(1, bytes.Length).FirstOrDefault(n => Read(bytes[..n], out _, out _) != HeaderStatus.NeedMore);

        // The beginnings of a header are common to both up to there.
        var common = bytes.Zip(V1()).TakeWhile(p => p.First == p.Second).Count();
        common = Math.Max(common, bytes.Zip(V2()).TakeWhile(p => p.First == p.Second).Count());
        Assert.Equal(common == bytes.Length ? 0 : common + 1, first);
        Assert.Equal(common == bytes.Length ? HeaderStatus.NeedMore : HeaderStatus.NoHeader, Read(bytes, out _, out _));
    }

    private static readonly byte[][] GoodHeaders = [V1(), V1("UNKNOWN"), V2(), V2(Local), V2(tlvs: Tls()), V2WithChecksum(Tlv(0x01, "h2"))];

    public static TheoryData<byte[]> Good => [.. GoodHeaders];

    [Theory]
    [MemberData(nameof(Good))]
    public void A_header_is_complete_with_its_last_byte_however_it_is_split(byte[] header)
    {
        byte[] all = [.. header, .. "GET / HTTP/1.1\r\n"u8];
        for (var split = 1; split < all.Length; split++)
        {
            var status = HeaderReader.Read(TwoSegments(all, split), MaxSize, null, out _, out var length);
            Assert.Equal((HeaderStatus.Complete, header.Length), (status, length));
            var part = HeaderReader.Read(new(all, 0, split), MaxSize, null, out _, out _);
            Assert.Equal(split < header.Length ? HeaderStatus.NeedMore : HeaderStatus.Complete, part);
        }
    }

    [Fact]
    public void Random_headers_never_throw_nor_take_more_than_there_is()
    {
        const int seed = 20261121;
        Console.WriteLine($"{nameof(Random_headers_never_throw_nor_take_more_than_there_is)}: seed {seed}");
        var random = new Random(seed);
        var complete = 0;
        for (var run = 0; run < 200_000; run++)
        {
            var bytes = GoodHeaders[random.Next(GoodHeaders.Length)].Concat(new byte[random.Next(4)]).ToArray();
            for (var edits = random.Next(4); edits > 0; edits--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(4) switch
                {
                    0 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                    1 when bytes.Length > 1 => [.. bytes[..at], .. bytes[(at + 1)..]],
                    2 => bytes[..Math.Max(1, at)],
                    _ => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
                };
            }

            var status = Read(bytes, out var header, out var length);
            Assert.Equal(status == HeaderStatus.Complete, header is not null);
            if (header is not null)
            {
                complete++;
                Assert.InRange(length, 1, bytes.Length);
                Assert.Equal(status, Read(bytes[..length], out _, out var again));
                Assert.Equal(length, again);
            }
        }

        Assert.InRange(complete, 20_000, 180_000);
    }

    private static HeaderStatus Read(byte[] bytes, out ProxyProtocolHeader? header, out int length) =>
        HeaderReader.Read(new ReadOnlySequence<byte>(bytes), MaxSize, new IPEndPoint(IPAddress.Loopback, 1), out header, out length);

    private static ProxyProtocolHeader Complete(byte[] bytes)
    {
        Assert.Equal(HeaderStatus.Complete, Read(bytes, out var header, out var length));
        Assert.Equal(bytes.Length, length);
        Assert.Equal("127.0.0.1:1", header!.Sender!.ToString());
        return header;
    }

    private static ReadOnlySequence<byte> TwoSegments(byte[] bytes, int split)
    {
        var first = new Segment(bytes.AsMemory(0, split), 0, null);
        var last = new Segment(bytes.AsMemory(split), split, first);
        return new ReadOnlySequence<byte>(first, 0, last, bytes.Length - split);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, int index, Segment? previous)
        {
            Memory = memory;
            RunningIndex = index;
            if (previous is not null)
            {
                previous.Next = this;
            }
        }
    }
}
