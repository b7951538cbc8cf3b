using System.Buffers;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class ChunkedDecoderTests
{
    [Theory]
    [InlineData("0\r\n\r\n", "  consumed:5")]
    [InlineData("5\r\nhello\r\n0\r\n\r\nGET", "hello  consumed:15")]
    [InlineData("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world  consumed:28")]
    [InlineData("A\r\n0123456789\r\n00000000000000a\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789  consumed:49")]
    [InlineData("0000000000000001\r\nx\r\n0\r\n\r\n", "x  consumed:26")]
    [InlineData("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n  consumed:14")]
    [InlineData("1;a\r\nx\r\n0;b=c\r\n\r\n", "x  consumed:17")]
    [InlineData("1;a;b=c;d=\"e f;\\\"\t\u00e9\\\\\"\r\nx\r\n0\r\n\r\n", "x  consumed:32")]
    [InlineData("1;a=\"\"\r\nx\r\n0\r\n\r\n", "x  consumed:16")]
    [InlineData("0\r\nX-Sum: 1\r\nY:2 \r\n\r\n", " X-Sum=1|Y=2| consumed:21")]
    [InlineData("0\r\nConnection: x\r\nTrailer: y\r\nAuthorization: z\r\nCookie: a=b\r\nX: 1\r\nContent-Type: q\r\n\r\n", " X=1| consumed:86")]
    public void Decodes(string raw, string outcome) => Assert.Equal(outcome, ChunkedBodies.Outcome(raw));

    [Theory]
    [InlineData("\r\n", "bad_chunk_size")]
    [InlineData("g\r\n", "bad_chunk_size")]
    [InlineData("0x5\r\n", "bad_chunk_size")]
    [InlineData("-5\r\n", "bad_chunk_size")]
    [InlineData("+5\r\n", "bad_chunk_size")]
    [InlineData(" 5\r\n", "bad_chunk_size")]
    [InlineData("5 \r\n", "bad_chunk_size")]
    [InlineData("5 ;a\r\n", "bad_chunk_size")]
    [InlineData("5\t\r\n", "bad_chunk_size")]
    [InlineData("5\n", "bad_chunk_size")]
    [InlineData("5,5\r\n", "bad_chunk_size")]
    [InlineData("5\0\r\n", "bad_chunk_size")]
    [InlineData(";a\r\n", "bad_chunk_size")]
    [InlineData("\u00b2\r\n", "bad_chunk_size")]
    [InlineData("5\r\r\n", "bad_chunk_line_end")]
    [InlineData("5\rx", "bad_chunk_line_end")]
    [InlineData("8000000000000000\r\n", "chunk_size_overflow")]
    [InlineData("ffffffffffffffff\r\n", "chunk_size_overflow")]
    [InlineData("10000000000000005\r\n", "chunk_size_overflow")]
    [InlineData("00000000000000005\r\n", "chunk_size_overflow")]
    [InlineData("5;\r\n", "bad_chunk_extension")]
    [InlineData("5;;a\r\n", "bad_chunk_extension")]
    [InlineData("5; a\r\n", "bad_chunk_extension")]
    [InlineData("5;a \r\n", "bad_chunk_extension")]
    [InlineData("5;a=\r\n", "bad_chunk_extension")]
    [InlineData("5;a= b\r\n", "bad_chunk_extension")]
    [InlineData("5;a =b\r\n", "bad_chunk_extension")]
    [InlineData("5;a=b=c\r\n", "bad_chunk_extension")]
    [InlineData("5;=b\r\n", "bad_chunk_extension")]
    [InlineData("5;a\n", "bad_chunk_extension")]
    [InlineData("5;a=b\n", "bad_chunk_extension")]
    [InlineData("5;a=\"b\r\n", "bad_chunk_extension")]
    [InlineData("5;a=\"b\n\"\r\n", "bad_chunk_extension")]
    [InlineData("5;a=\"b\\\r\n", "bad_chunk_extension")]
    [InlineData("5;a=\"b\"c\r\n", "bad_chunk_extension")]
    [InlineData("5;a@\r\n", "bad_chunk_extension")]
    [InlineData("5;a\0\r\n", "bad_chunk_extension")]
    [InlineData("0\r\nX : y\r\n", "space_in_header_name")]
    [InlineData("0\r\nX: y\n", "bare_lf")]
    [InlineData("0\r\n\n", "bare_lf")]
    [InlineData("0\r\n\rX", "bare_cr")]
    [InlineData("0\r\n X: y\r\n", "obs_fold")]
    [InlineData("0\r\nContent-Length: 5\r\n", "forbidden_trailer")]
    [InlineData("0\r\ntransfer-encoding: chunked\r\n", "forbidden_trailer")]
    [InlineData("0\r\nHost: a\r\n", "forbidden_trailer")]
    [InlineData("0\r\nGET / HTTP/1.1\r\n", "space_in_header_name")]
    public void Refuses(string raw, string detail) => Assert.Equal($"Failed BadRequest {detail} after ", ChunkedBodies.Outcome(raw));

    [Theory]
    [InlineData("5\r\nhello0\r\n")]
    [InlineData("5\r\nhello\n")]
    [InlineData("5\r\nhello\rX")]
    [InlineData("5\r\nhello!\r\n")]
    public void Wants_crlf_after_the_data(string raw) => Assert.Equal("Failed BadRequest bad_chunk_end after hello", ChunkedBodies.Outcome(raw));

    [Theory]
    [InlineData("5")]
    [InlineData("5\r")]
    [InlineData("5\r\nhello")]
    [InlineData("5\r\nhello\r\n0\r\n")]
    [InlineData("5\r\nhello\r\n0\r\n\r")]
    [InlineData("7fffffffffffffff\r\nhello")]
    public void Wants_more_until_the_last_line_is_complete(string raw) => Assert.StartsWith("NeedMore", ChunkedBodies.Outcome(raw), StringComparison.Ordinal);

    [Fact]
    public void Hands_out_slices_of_the_buffer_that_may_span_segments()
    {
        var decoder = new ChunkedDecoder();
        decoder.Begin(new HeaderMap(new HeadBlock()), 100);
        var bytes = Wire.Bytes("a\r\n0123456789\r\n0\r\n\r\n");
        var buffer = Wire.Segments(bytes, 1, 5, 8);

        Assert.Equal(ChunkedStatus.Data, decoder.Read(buffer, out var data, out var consumed));
        Assert.Equal("0123456789", Wire.Text(data));
        Assert.False(data.IsSingleSegment);
        Assert.Equal("\r\n0\r\n\r\n", Wire.Text(buffer.Slice(consumed)));
    }

    [Fact]
    public void Is_reused_for_the_next_body()
    {
        var decoder = new ChunkedDecoder();
        var trailers = new HeaderMap(new HeadBlock());
        for (var i = 0; i < 2; i++)
        {
            decoder.Begin(trailers, 100);
            Assert.Equal(ChunkedStatus.Failed, decoder.Read(new ReadOnlySequence<byte>("x"u8.ToArray()), out _, out _));
            decoder.Begin(trailers, 100);
            Assert.Equal(ChunkedStatus.End, decoder.Read(new ReadOnlySequence<byte>("0\r\nX: y\r\n\r\n"u8.ToArray()), out _, out _));
            Assert.Equal("X=y|", Wire.Describe(trailers));
        }
    }

    [Fact]
    public void Limits_the_trailers()
    {
        const string Trailers = "X: 0123456789\r\nY: 1\r\n\r\n";
        Assert.Equal($" X=0123456789|Y=1| consumed:{Trailers.Length + 3}", ChunkedBodies.Outcome("0\r\n" + Trailers, Trailers.Length));
        Assert.Equal("Failed HeadTooLarge head_too_large after ", ChunkedBodies.Outcome("0\r\n" + Trailers, Trailers.Length - 1));
    }

    [Theory]
    [InlineData(8192, true)]
    [InlineData(8193, false)]
    public void Limits_the_extensions_of_a_chunk(int bytes, bool accepted)
    {
        // The semicolon is free, the CR is counted.
        var raw = $"5;{new string('a', bytes - 1)}\r\nhello\r\n0\r\n\r\n";

        Assert.Equal(
            accepted ? $"hello  consumed:{raw.Length}" : "Failed BadRequest chunk_extensions_too_large after ",
            ChunkedBodies.OutcomeOf(Wire.Bytes(raw), []));
    }

    [Fact]
    public void Limits_the_extensions_of_a_body_of_tiny_chunks()
    {
        var raw = string.Concat(Enumerable.Repeat("1;abcdefghi\r\nx\r\n", 2000));

        Assert.StartsWith("Failed BadRequest chunk_extensions_too_large", ChunkedBodies.OutcomeOf(Wire.Bytes(raw), []), StringComparison.Ordinal);
    }

    [Fact]
    public void Lets_a_long_body_carry_a_signature_in_each_chunk()
    {
        var chunk = $"400;chunk-signature={new string('a', 64)}\r\n{new string('x', 1024)}\r\n";
        var raw = string.Concat(Enumerable.Repeat(chunk, 500)) + "0\r\n\r\n";

        Assert.EndsWith($"consumed:{raw.Length}", ChunkedBodies.OutcomeOf(Wire.Bytes(raw), []), StringComparison.Ordinal);
    }

    [Fact]
    public void Says_whose_fault_it_was()
    {
        var decoder = new ChunkedDecoder();
        decoder.Begin(new HeaderMap(new HeadBlock()), 100);
        decoder.Read(new ReadOnlySequence<byte>("x"u8.ToArray()), out _, out _);

        Assert.Equal(ProxyError.Downstream(ProxyErrorKind.BadRequest, "bad_chunk_size"), decoder.CreateError(ErrorSource.Downstream));
        Assert.Equal(ProxyError.Upstream(ProxyErrorKind.UpstreamBodyFailed, detail: "bad_chunk_size"), decoder.CreateError(ErrorSource.Upstream));
    }
}
