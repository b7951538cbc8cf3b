using System.Buffers;
using System.Net.Security;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Security;

public sealed class ClientHelloReaderTests
{
    [Fact]
    public void The_name_and_the_protocols_are_read()
    {
        var hello = Complete(ClientHello.Make("Site.example", "h2", "acme-tls/1"));

        Assert.Equal("Site.example", hello.ServerName);
        Assert.Equal([SslApplicationProtocol.Http2, new SslApplicationProtocol("acme-tls/1")], hello.ApplicationProtocols);
    }

    [Fact]
    public void Without_extensions_there_is_no_name_and_no_protocol()
    {
        var hello = Complete(ClientHello.Make(null));

        Assert.Equal("", hello.ServerName);
        Assert.Empty(hello.ApplicationProtocols);
    }

    [Fact]
    public void The_dot_at_the_end_of_a_name_is_not_part_of_it() =>
        Assert.Equal("site.example", Complete(ClientHello.Make("site.example.")).ServerName);

    [Fact]
    public void Every_beginning_of_a_hello_needs_more()
    {
        var bytes = ClientHello.Make("site.example", "http/1.1");

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ClientHelloStatus.NeedMore, Read(bytes[..length], out _));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(40)]
    public void A_hello_spread_over_records_is_put_together(int recordSize)
    {
        var message = ClientHello.Message("site.example", "h2");
        var count = (message.Length + recordSize - 1) / recordSize;
        var bytes = message.Chunk(recordSize).SelectMany(part => ClientHello.Record(part)).ToArray();

        var status = Read(bytes, out var hello);

        // Nobody who means well sends hundreds.
        Assert.Equal(count > 32 ? ClientHelloStatus.Malformed : ClientHelloStatus.Complete, status);
        Assert.Equal(count > 32 ? null : "site.example", hello?.ServerName);
    }

    [Fact]
    public void A_hello_in_segments_is_the_same_hello()
    {
        var bytes = ClientHello.Make("site.example", "h2");
        for (var split = 1; split < bytes.Length; split++)
        {
            var first = new Segment(bytes.AsMemory(0, split), null);
            var last = new Segment(bytes.AsMemory(split), first);

            Assert.Equal(ClientHelloStatus.Complete, ClientHelloReader.Read(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length), out var hello));
            Assert.Equal("site.example", hello!.ServerName);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PUT /")]
    [InlineData("OPTIONS * HTTP/1.1")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public void A_request_in_plain_text_is_told_apart(string start) =>
        Assert.Equal(ClientHelloStatus.PlainHttp, Read(Encoding.Latin1.GetBytes(start), out _));

    [Theory]
    [InlineData("GET")]
    [InlineData("G")]
    [InlineData("\x16")]
    [InlineData("\x16\x03")]
    public void What_could_still_become_one_or_the_other_needs_more(string start) =>
        Assert.Equal(ClientHelloStatus.NeedMore, Read(Encoding.Latin1.GetBytes(start), out _));

    [Theory]
    [InlineData("SSH-2.0-OpenSSH")]
    [InlineData("\0\0\0\0")]
    [InlineData("\x80\x2e\x01\x03\x01")]
    [InlineData("\x16\x02\x00\x00\x01")]
    [InlineData("A B C")]
    [InlineData("get / http/1.1")]
    public void Other_bytes_are_not_TLS(string start) => Assert.Equal(ClientHelloStatus.NotTls, Read(Encoding.Latin1.GetBytes(start), out _));

    [Theory]
    [InlineData(new byte[] { 22, 3, 1, 0, 0 })]
    [InlineData(new byte[] { 22, 3, 1, 0x40, 1 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 4, 2, 0, 0, 0 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 4, 1, 1, 0, 1 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 4, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 22, 3, 1, 0, 1, 1, 23, 3, 1, 0, 1, 0 })]
    public void A_hello_that_breaks_its_own_rules_is_malformed(byte[] bytes) => Assert.Equal(ClientHelloStatus.Malformed, Read(bytes, out _));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("caf\u00e9")]
    public void A_name_that_is_none_is_malformed(string name) => Assert.Equal(ClientHelloStatus.Malformed, Read(ClientHello.Make(name), out _));

    [Fact]
    public void No_bytes_make_it_fail()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        var hello = ClientHello.Make("site.example", "h2", "http/1.1");
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = hello.ToArray();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var status = Read(bytes[..random.Next(bytes.Length + 1)], out var read);

            Assert.True((status == ClientHelloStatus.Complete) == (read is not null), $"seed {Seed}, round {round}");
        }
    }

    private static TlsClientHello Complete(byte[] bytes)
    {
        Assert.Equal(ClientHelloStatus.Complete, Read(bytes, out var hello));
        return hello!;
    }

    private static ClientHelloStatus Read(byte[] bytes, out TlsClientHello? hello) =>
        ClientHelloReader.Read(new ReadOnlySequence<byte>(bytes), out hello);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
