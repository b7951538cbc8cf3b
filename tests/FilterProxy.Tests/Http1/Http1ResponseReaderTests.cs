using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class Http1ResponseReaderTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", 200, "OK")]
    [InlineData("HTTP/1.1 204\r\n\r\n", 204, "")]
    [InlineData("HTTP/1.1 204 \r\n\r\n", 204, "")]
    [InlineData("HTTP/1.0 404 Nicht \u00e4hnlich\tda\r\n\r\n", 404, "Nicht \u00e4hnlich\tda")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", 100, "Continue")]
    [InlineData("HTTP/1.1 599 \r\n\r\n", 599, "")]
    public void Reads_a_status_line(string raw, int status, string reason)
    {
        Outcome(raw);
        var head = Parse(raw);

        Assert.Equal((status, reason), (head.StatusCode, Wire.Text(head.ReasonPhrase)));
        Assert.Equal(raw.StartsWith("HTTP/1.0", StringComparison.Ordinal) ? HttpVersionKind.Http10 : HttpVersionKind.Http11, head.Version);
    }

    [Theory]
    [InlineData("HTTP/1.1 20 OK\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1 2000 OK\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1 200OK\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1  200 OK\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1\t200 OK\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1 099 OK\r\n", "bad_status_code")]
    [InlineData("HTTP/1.1 600 OK\r\n", "bad_status_code")]
    [InlineData("HTTP/1.1 2x0 OK\r\n", "bad_status_code")]
    [InlineData("HTTP/1.1 +20 OK\r\n", "bad_status_code")]
    [InlineData("HTTP/1.1\r\n", "bad_status_line")]
    [InlineData("\r\n", "bad_status_line")]
    [InlineData("HTTP/2 200 OK\r\n", "bad_version")]
    [InlineData("HTTP/1.2 200 OK\r\n", "bad_version")]
    [InlineData("ICY 200 OK\r\n", "bad_version")]
    [InlineData("<html>", "bad_version")]
    [InlineData("HTTP/1.1 200 OK\n", "bare_lf")]
    [InlineData("HTTP/1.1 200 O\rK\r\n", "bare_cr")]
    [InlineData("HTTP/1.1 200 O\0K\r\n", "nul")]
    [InlineData("HTTP/1.1 200 OK\r\nX : y\r\n", "space_in_header_name")]
    [InlineData("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n", "obs_fold")]
    [InlineData("HTTP/1.1 200 OK\r\nX: y\nZ: w\r\n", "bare_lf")]
    [InlineData("HTTP/1.1 200 OK\r\nX: \u0001\r\n", "control_byte")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n", "space_in_header_name")]
    [InlineData("HTTP/1.1 200 OK\r\n: y\r\n", "empty_header_name")]
    public void Refuses_a_bad_head(string raw, string detail) => Assert.Equal($"Failed BadResponse {detail}", Outcome(raw));

    [Theory]
    [InlineData("HTTP/1.1 200 0123456789\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: 0123456789\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n")]
    public void Refuses_a_head_beyond_the_limits(string raw) => Assert.Equal(
        "Failed BadResponse response_head_too_large", Outcome(raw, new HeadLimits(MaxRequestLine: 20, MaxHeaderBytes: 12, MaxHeaderCount: 2)));

    [Fact]
    public void Blames_the_upstream()
    {
        var reader = new Http1ResponseReader(new ResponseHead(new HeadBlock()));
        reader.Begin(HeadLimits.Default);
        Wire.Feed(reader, "SSH-2.0"u8.ToArray());

        Assert.Equal(ErrorSource.Upstream, reader.Error.Source);
    }

    [Fact]
    public void Reads_interim_responses_one_after_the_other()
    {
        var head = new ResponseHead(new HeadBlock());
        var reader = new Http1ResponseReader(head);
        var raw = Wire.Bytes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX_Y: z\r\n\r\n");
        reader.Begin(HeadLimits.Default);
        var (_, consumed) = Wire.Feed(reader, raw);
        Assert.Equal((103, "Link=</a>|"), (head.StatusCode, Wire.Describe(head.Headers)));

        reader.Begin(HeadLimits.Default);
        Wire.Feed(reader, raw[(int)consumed..]);
        Assert.Equal((200, "X_Y=z|"), (head.StatusCode, Wire.Describe(head.Headers)));
    }

    internal static ResponseHead Parse(string raw)
    {
        var head = new ResponseHead(new HeadBlock());
        var reader = new Http1ResponseReader(head);
        reader.Begin(HeadLimits.Default);
        Assert.True(Wire.Feed(reader, Wire.Bytes(raw)).Status == HeadStatus.Complete, reader.Error.Detail);
        return head;
    }

    internal static string OutcomeOf(byte[] bytes, int[] cuts, HeadLimits? limits = null)
    {
        var head = new ResponseHead(new HeadBlock());
        var reader = new Http1ResponseReader(head);
        reader.Begin(limits ?? HeadLimits.Default);
        var (status, consumed) = Wire.Feed(reader, bytes, cuts);
        return status switch
        {
            HeadStatus.Complete => $"Complete {head.Version} {head.StatusCode} {Wire.Text(head.ReasonPhrase)} {Wire.Describe(head.Headers)} {consumed} {reader.HeadBytes}",
            HeadStatus.Failed => $"Failed {Wire.Describe(reader.Error)}",
            _ => "NeedMore",
        };
    }

    private static string Outcome(string raw, HeadLimits? limits = null) =>
        Wire.Everywhere(Wire.Bytes(raw), (bytes, cuts) => OutcomeOf(bytes, cuts, limits));
}
