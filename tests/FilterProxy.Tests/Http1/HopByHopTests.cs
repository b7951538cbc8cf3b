using System.Text;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class HopByHopTests
{
    [Theory]
    [InlineData("X: 1\r\n", "X=1|")]
    [InlineData("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX: 1\r\n", "X=1|")]
    [InlineData("Connection: X-Hop\r\nX-Hop: 1\r\nX: 1\r\nx-hop: 2\r\n", "X=1|")]
    [InlineData("X-Hop: 1\r\nConnection: close\r\nY-Hop: 2\r\nconnection: , x-hop ,,y-hop\r\nX: 1\r\n", "X=1|")]
    [InlineData("Transfer-Encoding: chunked\r\nX: 1\r\n", "X=1|")]
    [InlineData("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n", "")]
    [InlineData("Upgrade: h2c\r\nHTTP2-Settings: AA\r\nX: 1\r\n", "X=1|")]
    [InlineData("TE: gzip\r\nX: 1\r\n", "X=1|")]
    [InlineData("TE: trailers\r\nConnection: TE\r\n", "TE=trailers|")]
    [InlineData("TE: gzip;q=1, Trailers\r\nX: 1\r\nTE: deflate\r\n", "TE=trailers|X=1|")]
    [InlineData("TE: trailers\r\nTE: gzip\r\n", "TE=trailers|")]
    [InlineData("Trailer: X-Sum\r\nProxy-Authorization: Basic eA==\r\n", "Trailer=X-Sum|Proxy-Authorization=Basic eA==|")]
    public void Takes_the_fields_of_one_hop_off_a_request(string fields, string left) => Assert.Equal(left, AfterRequest(fields, keepUpgrade: false));

    [Theory]
    [InlineData("Host")]
    [InlineData("Content-Type")]
    [InlineData("Content-MD5")]
    [InlineData("Authorization")]
    [InlineData("Cookie")]
    [InlineData("Expect")]
    [InlineData("Forwarded")]
    [InlineData("Via")]
    [InlineData("Date")]
    [InlineData("Cache-Control")]
    [InlineData("X-Forwarded-For")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Ssl")]
    [InlineData("X-Real-IP")]
    public void Does_not_let_connection_strip_a_field_meant_for_the_origin(string name) =>
        Assert.Equal($"{name}=a|", AfterRequest($"Connection: {name}\r\n{(name == "Host" ? "" : $"{name}: a\r\n")}", keepUpgrade: false, host: name == "Host" ? "a" : null));

    [Fact]
    public void Does_not_let_connection_strip_the_length() =>
        Assert.Equal("Content-Length=3|", AfterRequest("Connection: content-length\r\nContent-Length: 3\r\n", keepUpgrade: false));

    [Fact]
    public void Keeps_an_upgrade_when_told() =>
        Assert.Equal("Upgrade=websocket|", AfterRequest("Connection: Upgrade\r\nUpgrade: websocket\r\n", keepUpgrade: true));

    [Theory]
    [InlineData("Connection: close, close\r\nConnection: x\r\n", "close, close")]
    [InlineData("X: 1\r\n", "")]
    public void Keeps_what_connection_said_aside(string fields, string expected)
    {
        var head = Requests.Parse($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        HopByHop.RemoveFromRequest(head, keepUpgrade: false);
        Assert.Equal(expected, Encoding.Latin1.GetString(head.Connection));
    }

    [Theory]
    [InlineData("Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nUpgrade: h2c\r\nX: 1\r\n", false, "X=1|")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\n", true, "Upgrade=websocket|")]
    [InlineData("Connection: Set-Cookie, ETag\r\nSet-Cookie: a=b\r\nETag: x\r\nProxy-Authenticate: Basic\r\n", false, "Set-Cookie=a=b|ETag=x|Proxy-Authenticate=Basic|")]
    public void Takes_the_fields_of_one_hop_off_a_response(string fields, bool keepUpgrade, string left)
    {
        var head = Http1ResponseReaderTests.Parse($"HTTP/1.1 200 OK\r\n{fields}\r\n");
        HopByHop.RemoveFromResponse(head, keepUpgrade);

        Assert.Equal(left, Wire.Describe(head.Headers));
    }

    private static string AfterRequest(string fields, bool keepUpgrade, string? host = null)
    {
        var head = host is null ? Requests.Parse($"GET / HTTP/1.0\r\n\r\n") : Requests.Parse($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        foreach (var line in fields.Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            head.Headers.Append(line[..colon], line[(colon + 2)..]);
        }

        HopByHop.RemoveFromRequest(head, keepUpgrade);
        return Wire.Describe(head.Headers);
    }
}
