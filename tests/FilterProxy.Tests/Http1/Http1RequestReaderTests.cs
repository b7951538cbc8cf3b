using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class Http1RequestReaderTests
{
    [Fact]
    public void Reads_a_head_and_stops_exactly_at_its_end()
    {
        var outcome = Requests.Outcome("POST /a/b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nX-One:1\r\nX-Two: \t two words \r\nContent-Length: 4\r\n\r\nbody");

        Assert.Equal(
            "Complete POST(Post) /a/b?c=d path:/a/b query:c=d authority:example.org:8080 Http11 "
            + "Host=example.org:8080|X-One=1|X-Two=two words|Content-Length=4| "
            + "MessageFraming { Kind = Length, Length = 4, KeepAlive = True } consumed:99 head:99", outcome);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", "-", "a")]
    [InlineData("GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "/", "", "a")]
    [InlineData("GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", "/a", "b?c", "a")]
    [InlineData("GET /a#f?x HTTP/1.1\r\nHost: a\r\n\r\n", "/a", "-", "a")]
    [InlineData("GET /a?b#f?x HTTP/1.1\r\nHost: a\r\n\r\n", "/a", "b", "a")]
    [InlineData("GET /a%2Fb/../c HTTP/1.1\r\nHost: a\r\n\r\n", "/a%2Fb/../c", "-", "a")]
    [InlineData("GET //x/y HTTP/1.1\r\nHost: a\r\n\r\n", "//x/y", "-", "a")]
    [InlineData("GET http://b/x?y HTTP/1.1\r\nHost: a\r\n\r\n", "/x", "y", "b")]
    [InlineData("GET HTTPS://b:443/x HTTP/1.1\r\nHost: b:443\r\n\r\n", "/x", "-", "b:443")]
    [InlineData("GET http://b HTTP/1.1\r\nHost: b\r\n\r\n", "/", "-", "b")]
    [InlineData("GET http://b?y#z HTTP/1.1\r\nHost: b\r\n\r\n", "/", "y", "b")]
    [InlineData("GET http://b#z HTTP/1.1\r\nHost: b\r\n\r\n", "/", "-", "b")]
    [InlineData("GET http://[::1]:80/ HTTP/1.1\r\nHost: a\r\n\r\n", "/", "-", "[::1]:80")]
    [InlineData("GET http://b/ HTTP/1.0\r\n\r\n", "/", "-", "b")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "-", "a")]
    [InlineData("M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "-", "a")]
    [InlineData("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "*", "-", "b")]
    [InlineData("OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "/", "-", "b")]
    [InlineData("CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", "", "-", "b:443")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "/", "-", "")]
    [InlineData("GET / HTTP/1.1\r\nHost:\r\n\r\n", "/", "-", "")]
    [InlineData("GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "/", "-", "a:")]
    [InlineData("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n", "/", "-", "[2001:db8::1]:8443")]
    [InlineData("GET / HTTP/1.1\r\nHost: a%2Eb_c=d\r\n\r\n", "/", "-", "a%2Eb_c=d")]
    public void Takes_a_target_apart(string raw, string path, string query, string authority)
    {
        Requests.Outcome(raw);
        var head = Requests.Parse(raw);

        Assert.Equal(path, Wire.Text(head.Path));
        Assert.Equal(query, head.HasQuery ? Wire.Text(head.Query) : "-");
        Assert.Equal(authority, Wire.Text(head.Authority));
    }

    [Theory]
    [InlineData("http://b/x")]
    [InlineData("http://b:80/x")]
    public void Replaces_host_by_the_authority_of_the_target(string target)
    {
        var head = Requests.Parse($"GET {target} HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");

        Assert.Equal($"Host={Wire.Text(head.Authority)}|X=y|", Wire.Describe(head.Headers));
    }

    [Theory]
    [InlineData("GET  / HTTP/1.1\r\n", "bad_target")]
    [InlineData(" GET / HTTP/1.1\r\n", "bad_method")]
    [InlineData("GET /  HTTP/1.1\r\n", "bad_version")]
    [InlineData("GET / HTTP/1.1 \r\n", "bad_version")]
    [InlineData("GET\t/ HTTP/1.1\r\n", "bad_method")]
    [InlineData("GET /\tHTTP/1.1\r\n", "bad_target")]
    [InlineData("GET /a b HTTP/1.1\r\n", "bad_version")]
    [InlineData("GET /\r\n", "bad_request_line")]
    [InlineData("GET\r\n", "bad_request_line")]
    [InlineData("GET / \r\n", "bad_version")]
    [InlineData("GET / http/1.1\r\n", "bad_version")]
    [InlineData("GET / HTTP/1\r\n", "bad_version")]
    [InlineData("GET / HTTP/1.\r\n", "bad_version")]
    [InlineData("GET / HTTP/1.10\r\n", "bad_version")]
    [InlineData("GET / HTTP/11\r\n", "bad_version")]
    [InlineData("GET / IHTTP/1.0\r\n", "bad_version")]
    [InlineData("G@T / HTTP/1.1\r\n", "bad_method")]
    [InlineData("\u00e9 / HTTP/1.1\r\n", "bad_method")]
    [InlineData("GET /\u00e9 HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET /\u007f HTTP/1.1\r\n", "control_byte")]
    [InlineData("GET /\0 HTTP/1.1\r\n", "nul")]
    [InlineData("GET / HTTP/1.1\n", "bare_lf")]
    [InlineData("GET / HTTP/1.1\rHost: a\r\n", "bare_cr")]
    [InlineData("GET / HTTP/1.1\r\r\n", "bare_cr")]
    [InlineData("\nGET / HTTP/1.1\r\n", "bare_lf")]
    [InlineData("\rGET / HTTP/1.1\r\n", "bare_cr")]
    [InlineData("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n", "too_many_empty_lines")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n", "method_too_long")]
    [InlineData("GET a HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET * HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET b:443 HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET ftp://b/ HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http:///x HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http:// HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http://:80/ HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http://a:b/ HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http://a\\b/ HTTP/1.1\r\n", "bad_target")]
    [InlineData("GET http://u@a/ HTTP/1.1\r\n", "userinfo")]
    [InlineData("GET http://u:p@a/ HTTP/1.1\r\n", "userinfo")]
    [InlineData("CONNECT / HTTP/1.1\r\n", "bad_target")]
    [InlineData("CONNECT a HTTP/1.1\r\n", "bad_target")]
    [InlineData("CONNECT a: HTTP/1.1\r\n", "bad_target")]
    [InlineData("CONNECT http://a:80 HTTP/1.1\r\n", "bad_target")]
    public void Refuses_a_bad_request_line_at_once(string line, string detail) =>
        Assert.Equal($"Failed BadRequest {detail}", Requests.Outcome(line));

    [Theory]
    [InlineData("GET / HTTP/5.6")]
    [InlineData("GET / HTTP/2.0\r\n")]
    [InlineData("GET / HTTP/1.2\r\n")]
    [InlineData("GET / HTTP/0.9\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public void Refuses_other_versions_as_such(string raw) =>
        Assert.Equal("Failed VersionNotSupported bad_version", Requests.Outcome(raw));

    [Theory]
    [InlineData("ANNOUNCE")]
    [InlineData("DESCRIBE")]
    [InlineData("SETUP")]
    [InlineData("PLAY")]
    [InlineData("PAUSE")]
    [InlineData("TEARDOWN")]
    [InlineData("RECORD")]
    [InlineData("REDIRECT")]
    [InlineData("GET_PARAMETER")]
    [InlineData("SET_PARAMETER")]
    [InlineData("FLUSH")]
    public void Does_not_implement_the_methods_of_rtsp(string method) =>
        Assert.Equal("Failed NotImplemented rtsp_method", Requests.Outcome($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));

    [Theory]
    [InlineData("QUERY", HttpMethodKind.Other)]
    [InlineData("get", HttpMethodKind.Other)]
    [InlineData("BASELINE-CONTROL", HttpMethodKind.Other)]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", HttpMethodKind.Other)]
    [InlineData("PATCH", HttpMethodKind.Patch)]
    public void Takes_any_other_token_as_method(string method, HttpMethodKind kind)
    {
        var head = Requests.Parse($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(kind, head.MethodKind);
        Assert.Equal(method, Wire.Text(head.Method));
    }

    [Theory]
    [InlineData(" X: y\r\n", "obs_fold")]
    [InlineData("X: y\r\n z\r\n", "obs_fold")]
    [InlineData("X: y\r\n\tz\r\n", "obs_fold")]
    [InlineData("X : y\r\n", "space_in_header_name")]
    [InlineData("X\t: y\r\n", "space_in_header_name")]
    [InlineData("X Y: z\r\n", "space_in_header_name")]
    [InlineData(": y\r\n", "empty_header_name")]
    [InlineData("X@: y\r\n", "bad_header_name")]
    [InlineData("X\u00e9: y\r\n", "bad_header_name")]
    [InlineData("X(: y\r\n", "bad_header_name")]
    [InlineData("X\0: y\r\n", "nul")]
    [InlineData("X\rY: z\r\n", "bare_cr")]
    [InlineData("X\r\n", "missing_colon")]
    [InlineData("X: y\nZ: w\r\n", "bare_lf")]
    [InlineData("X: y\rZ: w\r\n", "bare_cr")]
    [InlineData("X:\rZ: w\r\n", "bare_cr")]
    [InlineData("X: \0\r\n", "nul")]
    [InlineData("X: \u0001\r\n", "control_byte")]
    [InlineData("X: \u007f\r\n", "control_byte")]
    [InlineData("\n", "bare_lf")]
    [InlineData("\rZ", "bare_cr")]
    [InlineData("Host: a\r\n", "duplicate_host")]
    [InlineData("hOST: b\r\n", "duplicate_host")]
    public void Refuses_a_bad_field_at_once(string fields, string detail) =>
        Assert.Equal($"Failed BadRequest {detail}", Requests.Outcome("GET / HTTP/1.1\r\nHost: a\r\n" + fields));

    [Theory]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData("u@a")]
    [InlineData("http://a")]
    [InlineData("a:b")]
    [InlineData("a:80:80")]
    [InlineData("a:-1")]
    [InlineData("a:65536")]
    [InlineData("a:000080")]
    [InlineData(":80")]
    [InlineData("[::1")]
    [InlineData("[]")]
    [InlineData("[abcd]")]
    [InlineData("[::1]x")]
    [InlineData("[::g]")]
    [InlineData("a[b]")]
    [InlineData("a%2")]
    [InlineData("a%zz")]
    [InlineData("a\\b")]
    [InlineData("a<b")]
    [InlineData("\u00e9")]
    public void Refuses_a_host_that_is_no_authority(string host) =>
        Assert.Equal("Failed BadRequest bad_host", Requests.Outcome($"GET / HTTP/1.1\r\nHost: {host}\r\n"));

    [Fact]
    public void Wants_a_host_from_http_1_1() =>
        Assert.Equal("Failed BadRequest missing_host", Requests.Outcome("GET / HTTP/1.1\r\nX: y\r\n\r\n"));

    [Fact]
    public void Ignores_a_few_empty_lines_before_the_request_line() =>
        Assert.EndsWith("consumed:35 head:27", Requests.Outcome("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), StringComparison.Ordinal);

    [Fact]
    public void Accepts_bytes_above_ascii_and_tabs_in_values() =>
        Assert.Contains("X=\u00e9\t\u00ff|", Requests.Outcome("GET / HTTP/1.1\r\nHost: a\r\nX: \u00e9\t\u00ff\r\n\r\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("Allow", "Host=a|X_Y=1|Z=2|")]
    [InlineData("Drop", "Host=a|Z=2|")]
    public void Treats_names_with_underscores_as_told(string policy, string fields) => Assert.Equal(
        fields,
        Wire.Describe(Requests.Parse("GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\nZ: 2\r\n\r\n", new HeadLimits(Underscores: Enum.Parse<UnderscorePolicy>(policy))).Headers));

    [Fact]
    public void Refuses_names_with_underscores_when_told() => Assert.Equal(
        "Failed BadRequest underscore_in_header_name",
        Requests.Outcome("GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\n", new HeadLimits(Underscores: UnderscorePolicy.Reject)));

    [Theory]
    [InlineData("X: y", true)]
    [InlineData("X:y", false)]
    [InlineData("X:  y", false)]
    [InlineData("X:\ty", false)]
    [InlineData("X: y ", false)]
    [InlineData("X: ", true)]
    [InlineData("X:", false)]
    [InlineData("X:  ", false)]
    public void Marks_a_field_as_a_line_only_in_its_canonical_form(string field, bool isLine)
    {
        var head = Requests.Parse($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
        var entry = head.Headers.Entries[1];

        Assert.Equal(isLine, entry.IsLine);
        if (isLine)
        {
            Assert.Equal(field + "\r\n", Wire.Text(head.Block.Slice(entry.NameStart, entry.LineEnd - entry.NameStart)));
        }
    }
}
