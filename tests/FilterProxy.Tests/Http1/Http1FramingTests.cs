using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class Http1FramingTests
{
    [Theory]
    [InlineData("", "None", 0)]
    [InlineData("Content-Length: 0\r\n", "None", 0)]
    [InlineData("Content-Length: 5\r\n", "Length", 5)]
    [InlineData("Content-Length: 005 \r\n", "Length", 5)]
    [InlineData("Content-Length: 9223372036854775807\r\n", "Length", long.MaxValue)]
    [InlineData("Transfer-Encoding: chunked\r\n", "Chunked", 0)]
    [InlineData("transfer-encoding:\t ChunKed \r\n", "Chunked", 0)]
    public void Frames_a_request(string fields, string kind, long length) => Assert.Contains(
        $"Kind = {kind}, Length = {length},", Requests.Outcome($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Content-Length:\r\n", "bad_content_length")]
    [InlineData("Content-Length: -1\r\n", "bad_content_length")]
    [InlineData("Content-Length: +1\r\n", "bad_content_length")]
    [InlineData("Content-Length: 1 1\r\n", "bad_content_length")]
    [InlineData("Content-Length: 0x1\r\n", "bad_content_length")]
    [InlineData("Content-Length: 1.0\r\n", "bad_content_length")]
    [InlineData("Content-Length: 1,1\r\n", "bad_content_length")]
    [InlineData("Content-Length: 1, 1\r\n", "bad_content_length")]
    [InlineData("Content-Length: \u00b2\r\n", "bad_content_length")]
    [InlineData("Content-Length: 9223372036854775808\r\n", "bad_content_length")]
    [InlineData("Content-Length: 18446744073709551616\r\n", "bad_content_length")]
    [InlineData("Content-Length: 00000000000000000001\r\n", "bad_content_length")]
    [InlineData("Content-Length: 1\r\nContent-Length: 1\r\n", "duplicate_content_length")]
    [InlineData("Content-Length: 1\r\ncontent-length: 2\r\n", "duplicate_content_length")]
    [InlineData("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "transfer_encoding_with_content_length")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "transfer_encoding_with_content_length")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "duplicate_transfer_encoding")]
    [InlineData("Transfer-Encoding:\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: ,\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: chunked,\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: ,chunked\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: chunked, chunked\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: chunked;a=b\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: \"chunked\"\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: x chunked\r\n", "bad_transfer_encoding")]
    [InlineData("Transfer-Encoding: chunked\u00a0\r\n", "bad_transfer_encoding")]
    public void Refuses_doubtful_framing_before_the_head_ends(string fields, string detail) =>
        Assert.Equal($"Failed BadRequest {detail}", Requests.Outcome($"POST / HTTP/1.1\r\nHost: a\r\n{fields}"));

    [Theory]
    [InlineData("identity")]
    [InlineData("gzip")]
    [InlineData("gzip, chunked")]
    [InlineData("xchunked")]
    public void Does_not_implement_other_codings(string coding) => Assert.Equal(
        "Failed NotImplemented transfer_coding_not_implemented", Requests.Outcome($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n"));

    [Fact]
    public void Refuses_transfer_encoding_in_http_1_0() => Assert.Equal(
        "Failed BadRequest transfer_encoding_in_http10", Requests.Outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"));

    [Theory]
    [InlineData("POST", true)]
    [InlineData("PUT", true)]
    [InlineData("PATCH", true)]
    [InlineData("GET", false)]
    [InlineData("DELETE", false)]
    public void Wants_a_length_from_http_1_0_methods_with_a_body(string method, bool refused) => Assert.Equal(
        refused, Requests.Outcome($"{method} / HTTP/1.0\r\n\r\n") == "Failed BadRequest length_required");

    // The reader judges each line already; this is for heads that came another way.
    [Theory]
    [InlineData("content-length", "1", "content-length", "1", "duplicate_content_length")]
    [InlineData("content-length", "1", "transfer-encoding", "chunked", "transfer_encoding_with_content_length")]
    [InlineData("transfer-encoding", "chunked", "transfer-encoding", "chunked", "duplicate_transfer_encoding")]
    [InlineData("x", "1", "content-length", "1,1", "bad_content_length")]
    [InlineData("x", "1", "transfer-encoding", "chunked, gzip", "bad_transfer_encoding")]
    public void Judges_a_head_it_did_not_see_line_by_line(string name, string value, string name2, string value2, string detail)
    {
        var head = Requests.Parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        head.Headers.Append(name, value);
        head.Headers.Append(name2, value2);

        Assert.Equal(detail, Http1Framing.ForRequest(head, out _).Detail);
    }

    [Theory]
    [InlineData("1.1", "", true)]
    [InlineData("1.1", "Connection: close\r\n", false)]
    [InlineData("1.1", "Connection: x, CLOSE\r\n", false)]
    [InlineData("1.1", "Connection: x\r\nConnection: close\r\n", false)]
    [InlineData("1.1", "Connection: closed\r\n", true)]
    [InlineData("1.1", "Connection: keep-alive, close\r\n", false)]
    [InlineData("1.0", "", false)]
    [InlineData("1.0", "Connection: Keep-Alive\r\n", true)]
    [InlineData("1.0", "Connection: keep-alive, close\r\n", false)]
    public void Tells_whether_the_connection_persists(string version, string fields, bool keepAlive)
    {
        Http1Framing.ForRequest(Requests.Parse($"GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n"), out var framing);
        Http1Framing.ForResponse(Http1ResponseReaderTests.Parse($"HTTP/{version} 200 OK\r\nContent-Length: 3\r\n{fields}\r\n"), HttpMethodKind.Get, out var response);

        Assert.Equal((keepAlive, keepAlive), (framing.KeepAlive, response.KeepAlive));
    }

    [Theory]
    [InlineData("200", "Content-Length: 5\r\n", HttpMethodKind.Get, "Length", "Content-Length=5|")]
    [InlineData("200", "Content-Length: 0\r\n", HttpMethodKind.Get, "None", "Content-Length=0|")]
    [InlineData("200", "Transfer-Encoding: CHUNKED\r\n", HttpMethodKind.Get, "Chunked", "Transfer-Encoding=CHUNKED|")]
    [InlineData("200", "", HttpMethodKind.Get, "UntilClose", "")]
    [InlineData("200", "Content-Length: 5\r\n", HttpMethodKind.Head, "None", "Content-Length=5|")]
    [InlineData("200", "Transfer-Encoding: chunked\r\n", HttpMethodKind.Head, "None", "Transfer-Encoding=chunked|")]
    [InlineData("200", "", HttpMethodKind.Head, "None", "")]
    [InlineData("304", "Content-Length: 5\r\n", HttpMethodKind.Get, "None", "Content-Length=5|")]
    [InlineData("204", "Content-Length: 5\r\n", HttpMethodKind.Get, "None", "")]
    [InlineData("100", "Content-Length: 5\r\n", HttpMethodKind.Get, "None", "")]
    [InlineData("101", "Upgrade: websocket\r\n", HttpMethodKind.Get, "None", "Upgrade=websocket|")]
    [InlineData("200", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", HttpMethodKind.Connect, "None", "")]
    [InlineData("404", "Content-Length: 5\r\n", HttpMethodKind.Connect, "Length", "Content-Length=5|")]
    [InlineData("200", "Content-Length: 5, 5\r\n", HttpMethodKind.Get, "Length", "Content-Length=5|")]
    [InlineData("200", "Content-Length: 5,\r\n", HttpMethodKind.Get, "Length", "Content-Length=5|")]
    [InlineData("200", "Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n", HttpMethodKind.Get, "Length", "Content-Length=5|X=y|")]
    public void Frames_a_response(string status, string fields, HttpMethodKind method, string kind, string left)
    {
        var head = Http1ResponseReaderTests.Parse($"HTTP/1.1 {status} \r\n{fields}\r\n");
        var error = Http1Framing.ForResponse(head, method, out var framing);

        Assert.False(error.IsError, error.Detail);
        Assert.Equal((kind, kind == "Length" ? 5 : 0, kind != "UntilClose"), (framing.Kind.ToString(), framing.Length, framing.KeepAlive));
        Assert.Equal(left, Wire.Describe(head.Headers));
    }

    [Theory]
    [InlineData("1.1 200", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "transfer_encoding_with_content_length")]
    [InlineData("1.0 200", "Transfer-Encoding: chunked\r\n", "transfer_encoding_in_http10")]
    [InlineData("1.1 204", "Transfer-Encoding: chunked\r\n", "transfer_encoding_without_body")]
    [InlineData("1.1 100", "Transfer-Encoding: chunked\r\n", "transfer_encoding_without_body")]
    [InlineData("1.1 200", "Transfer-Encoding: gzip, chunked\r\n", "bad_transfer_encoding")]
    [InlineData("1.1 200", "Transfer-Encoding: gzip\r\n", "bad_transfer_encoding")]
    [InlineData("1.1 200", "Transfer-Encoding:\r\n", "bad_transfer_encoding")]
    [InlineData("1.1 200", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad_transfer_encoding")]
    [InlineData("1.1 200", "Content-Length: 5, 6\r\n", "bad_content_length")]
    [InlineData("1.1 200", "Content-Length: 5\r\nContent-Length: 6\r\n", "bad_content_length")]
    [InlineData("1.1 200", "Content-Length: 5\r\nContent-Length:\r\n", "bad_content_length")]
    [InlineData("1.1 200", "Content-Length:\r\n", "bad_content_length")]
    [InlineData("1.1 200", "Content-Length: -5\r\n", "bad_content_length")]
    [InlineData("1.1 200", "Content-Length: 9223372036854775808\r\n", "bad_content_length")]
    public void Refuses_a_response_of_doubtful_length(string start, string fields, string detail)
    {
        var error = Http1Framing.ForResponse(Http1ResponseReaderTests.Parse($"HTTP/{start} \r\n{fields}\r\n"), HttpMethodKind.Get, out _);

        Assert.Equal((ProxyErrorKind.BadResponse, ErrorSource.Upstream, detail), (error.Kind, error.Source, error.Detail));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", true)]
    [InlineData("GET / HTTP/1.1", "Connection: keep-alive, upgrade\r\nUpgrade: a/1, b\r\nContent-Length: 0\r\n", true)]
    [InlineData("GET / HTTP/1.1", "Upgrade: websocket\r\n", false)]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\n", false)]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: \r\n", false)]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket, H2C\r\n", false)]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", false)]
    [InlineData("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n", false)]
    [InlineData("GET / HTTP/1.0", "Connection: Upgrade\r\nUpgrade: websocket\r\n", false)]
    [InlineData("POST / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n", false)]
    public void Recognises_an_upgrade(string line, string fields, bool upgrade) =>
        Assert.Equal(upgrade, Http1Framing.IsUpgradeRequest(Requests.Parse($"{line}\r\nHost: a\r\n{fields}\r\n")));

    [Theory]
    [InlineData("1.1", "", false, false)]
    [InlineData("1.1", "Expect: 100-Continue\r\n", true, false)]
    [InlineData("1.1", "Expect: 200-ok\r\n", false, true)]
    [InlineData("1.1", "Expect: 100-continue, x\r\n", false, true)]
    [InlineData("1.1", "Expect: 100-continue\r\nExpect: x=y\r\n", false, true)]
    [InlineData("1.0", "Expect: 100-continue\r\n", false, false)]
    public void Recognises_expectations(string version, string fields, bool expects, bool unknown)
    {
        var result = Http1Framing.ExpectsContinue(Requests.Parse($"GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n"), out var other);

        Assert.Equal((expects, unknown), (result, other));
    }
}
