using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

/// <summary>Requests no two parsers can be trusted to read alike, by name. Those with a good head and a broken body stand apart.</summary>
public static class BadRequests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string Chunked = Post + "Transfer-Encoding: chunked\r\n\r\n";

    public static readonly IReadOnlyDictionary<string, string> Heads = new Dictionary<string, string>
    {
        ["length and chunked"] = Post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["chunked and length"] = Post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ["two lengths"] = Post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        ["two equal lengths"] = Post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        ["length list"] = Post + "Content-Length: 5, 5\r\n\r\nhello",
        ["signed length"] = Post + "Content-Length: +5\r\n\r\nhello",
        ["negative length"] = Post + "Content-Length: -1\r\n\r\n",
        ["hex length"] = Post + "Content-Length: 0x5\r\n\r\nhello",
        ["length overflow"] = Post + "Content-Length: 99999999999999999999\r\n\r\n",
        ["empty length"] = Post + "Content-Length:\r\n\r\n",
        ["length with space"] = Post + "Content-Length: 5 5\r\n\r\nhello",
        ["coding list"] = Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ["chunked twice"] = Post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        ["two codings"] = Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        ["unknown coding"] = Post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        ["identity coding"] = Post + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
        ["coding with vertical tab"] = Post + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
        ["chunked in 1.0"] = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ["folded field"] = "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        ["folded first field"] = "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        ["folded coding"] = Post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        ["bare LF in fields"] = "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        ["bare LF at the end"] = "GET / HTTP/1.1\r\nHost: a\r\n\n",
        ["bare LF after the line"] = "GET / HTTP/1.1\nHost: a\r\n\r\n",
        ["bare CR in a value"] = "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
        ["CR CR LF"] = "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        ["NUL in a value"] = "GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n",
        ["NUL in a name"] = "GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n",
        ["NUL in the target"] = "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        ["space before colon"] = Post + "Content-Length : 5\r\n\r\nhello",
        ["tab before colon"] = Post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
        ["no colon"] = "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
        ["no name"] = "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        ["bad name"] = "GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n",
        ["HTTP/2.0"] = "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        ["HTTP/1.2"] = "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        ["HTTP/0.9"] = "GET /\r\n\r\n",
        ["lower case version"] = "GET / http/1.1\r\nHost: a\r\n\r\n",
        ["version with space"] = "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        ["two spaces"] = "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        ["tab in the line"] = "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
        ["space in the target"] = "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        ["no slash"] = "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        ["HTTP/2 preface"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ["TLS hello"] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        ["no host"] = "GET / HTTP/1.1\r\nX: y\r\n\r\n",
        ["two hosts"] = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ["host with a path"] = "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        ["host with a user"] = "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        ["host list"] = "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        ["host with a bad port"] = "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        ["host with a space"] = "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        ["authority with a user"] = "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        ["asterisk with GET"] = "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        ["1.0 post without length"] = "POST / HTTP/1.0\r\nHost: a\r\n\r\n",
    };

    public static readonly IReadOnlyDictionary<string, string> Bodies = new Dictionary<string, string>
    {
        ["chunk size not hex"] = Chunked + "g\r\nhello\r\n0\r\n\r\n",
        ["chunk size empty"] = Chunked + "\r\nhello\r\n0\r\n\r\n",
        ["chunk size signed"] = Chunked + "+5\r\nhello\r\n0\r\n\r\n",
        ["chunk size 0x"] = Chunked + "0x5\r\nhello\r\n0\r\n\r\n",
        ["chunk size overflow"] = Chunked + "10000000000000005\r\nhello\r\n0\r\n\r\n",
        ["chunk size with space"] = Chunked + "5 \r\nhello\r\n0\r\n\r\n",
        ["chunk size with bare LF"] = Chunked + "5\nhello\r\n0\r\n\r\n",
        ["chunk extension with bare LF"] = Chunked + "5;a\nhello\r\n0\r\n\r\n",
        ["chunk too long"] = Chunked + "5\r\nhello!\r\n0\r\n\r\n",
        ["chunk end missing"] = Chunked + "5\r\nhello0\r\n\r\n",
        ["chunk end bare LF"] = Chunked + "5\r\nhello\n0\r\n\r\n",
        ["second chunk bad"] = Chunked + "5\r\nhello\r\nzz\r\n\r\n",
        ["last chunk then nonsense"] = Chunked + "5\r\nhello\r\n0\r\nnonsense\r\n\r\n",
        ["trailer with bare LF"] = Chunked + "5\r\nhello\r\n0\r\nX: y\n\r\n",
        ["trailer folded"] = Chunked + "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
    };

    public static TheoryData<string> Names => [.. Heads.Keys, .. Bodies.Keys];
}
