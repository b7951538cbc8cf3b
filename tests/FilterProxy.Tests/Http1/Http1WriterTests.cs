using System.Buffers;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class Http1WriterTests
{
    [Theory]
    [InlineData("GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")]
    [InlineData("DELETE /a? HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nX: \r\nHost: a\r\nContent-Length: 5\r\nY: \u00e9\r\n\r\n")]
    public void Writes_a_canonical_request_as_it_was(string raw) => Assert.Equal(raw, Write(Requests.Parse(raw)));

    [Theory]
    [InlineData("GET /a#b HTTP/1.1\r\nHost:a\r\nX:  y \r\nY: z\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\nY: z\r\n\r\n")]
    [InlineData("GET http://b/x HTTP/1.1\r\nX: y\r\nHost: a\r\nZ: w\r\n\r\n", "GET /x HTTP/1.1\r\nX: y\r\nHost: b\r\nZ: w\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: \r\nX: y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX_Y: dropped\r\nX: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nConnection: x\r\nHost: a\r\nX:y\r\nConnection:z\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")]
    public void Writes_other_requests_in_canonical_form(string raw, string written) => Assert.Equal(written, Write(Requests.Parse(raw)));

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nX: y\r\nHost: a\r\nZ: w\r\n\r\n")]
    [InlineData("GET / HTTP/1.0\r\nX: y\r\nZ: w\r\n\r\n")]
    public void Writes_one_host_when_overridden(string raw) =>
        Assert.Equal("GET / HTTP/1.1\r\nHost: b:81\r\nX: y\r\nZ: w\r\n\r\n", Write(Requests.Parse(raw), "b:81"));

    [Fact]
    public void Writes_edited_fields_where_they_stand()
    {
        var head = Requests.Parse("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\nZ: 3\r\n\r\n");
        head.Headers.Set("x", "9");
        head.Headers.Remove("Y");
        head.Headers.Append("New", "n");
        head.SetPath("/p"u8);
        head.SetQuery("q"u8);

        Assert.Equal("GET /p?q HTTP/1.1\r\nHost: a\r\nx: 9\r\nZ: 3\r\nNew: n\r\n\r\n", Write(head));
    }

    [Fact]
    public void Owns_the_fields_that_frame_a_request()
    {
        var head = Requests.Parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");

        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: Upgrade\r\n\r\n",
            Write(head, "", new MessageFraming(BodyKind.Chunked, 0, true), ConnectionToken.Upgrade));
        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\n",
            Write(head, "", new MessageFraming(BodyKind.Length, long.MaxValue, true)));
    }

    [Theory]
    [InlineData("Length", 5, "Content-Length: 5\r\nX: y\r\nConnection: keep-alive\r\n")]
    [InlineData("None", 0, "Content-Length: 5\r\nX: y\r\nConnection: keep-alive\r\n")]
    [InlineData("Chunked", 0, "X: y\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n")]
    [InlineData("UntilClose", 0, "X: y\r\nConnection: keep-alive\r\n")]
    public void Owns_the_fields_that_frame_a_response(string kind, long length, string fields)
    {
        var head = Http1ResponseReaderTests.Parse("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nX: y\r\n\r\n");

        Assert.Equal($"HTTP/1.1 200 OK\r\n{fields}\r\n", Write(head, new MessageFraming(Enum.Parse<BodyKind>(kind), length, true), ConnectionToken.KeepAlive));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 Fine\r\n\r\n", "HTTP/1.1 200 Fine\r\n\r\n")]
    [InlineData("HTTP/1.0 404\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n")]
    [InlineData("HTTP/1.1 299\r\n\r\n", "HTTP/1.1 299 \r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink:</a>\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")]
    public void Writes_a_status_line_of_http_1_1(string raw, string written) =>
        Assert.Equal(written, Write(Http1ResponseReaderTests.Parse(raw), default, ConnectionToken.None));

    [Theory]
    [InlineData(1, "1\r\n")]
    [InlineData(15, "f\r\n")]
    [InlineData(16, "10\r\n")]
    [InlineData(0xABCDE, "abcde\r\n")]
    [InlineData(long.MaxValue, "7fffffffffffffff\r\n")]
    public void Writes_a_chunk_size(long size, string written)
    {
        Span<byte> span = stackalloc byte[Http1Writer.MaxChunkHeader];

        Assert.Equal(written, Wire.Text(span[..Http1Writer.WriteChunkHeader(span, size)]));
    }

    [Theory]
    [InlineData("", "0\r\n\r\n")]
    [InlineData("X: y\r\nZ:w\r\n", "0\r\nX: y\r\nZ: w\r\n\r\n")]
    public void Writes_trailers(string trailers, string written)
    {
        var head = Http1ResponseReaderTests.Parse($"HTTP/1.1 200 OK\r\n{trailers}\r\n");
        var output = new ArrayBufferWriter<byte>();
        Http1Writer.WriteTrailers(output, head.Headers);

        Assert.Equal(written, Wire.Text(output.WrittenSpan));
    }

    internal static string Write(RequestHead head, string host = "", MessageFraming framing = default, ConnectionToken connection = ConnectionToken.None)
    {
        var output = new ArrayBufferWriter<byte>();
        Http1Writer.WriteRequestHead(output, head, Wire.Bytes(host), framing, connection);
        return Wire.Text(output.WrittenSpan);
    }

    private static string Write(ResponseHead head, MessageFraming framing, ConnectionToken connection)
    {
        var output = new ArrayBufferWriter<byte>();
        Http1Writer.WriteResponseHead(output, head, framing, connection);
        return Wire.Text(output.WrittenSpan);
    }
}
