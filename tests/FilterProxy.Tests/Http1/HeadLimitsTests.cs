using System.Buffers;
using FilterProxy.Core.Http1;
using Xunit;

namespace FilterProxy.Tests.Http1;

public sealed class HeadLimitsTests
{
    private const string Line = "GET /0123456789 HTTP/1.1";

    [Theory]
    [InlineData(24, "Complete")]
    [InlineData(23, "Failed UriTooLong start_line_too_long")]
    public void Limits_the_request_line(int limit, string outcome) =>
        Assert.StartsWith(outcome, Requests.Outcome($"{Line}\r\nHost: a\r\n\r\n", new HeadLimits(MaxRequestLine: limit)), StringComparison.Ordinal);

    [Theory]
    [InlineData(12, "Complete")]
    [InlineData(11, "Failed HeadTooLarge field_too_large")]
    public void Limits_a_field_line(int limit, string outcome) =>
        Assert.StartsWith(outcome, Requests.Outcome($"{Line}\r\nHost: a\r\nX: 123456789\r\n\r\n", new HeadLimits(MaxHeaderBytes: limit)), StringComparison.Ordinal);

    [Theory]
    [InlineData(3, "Complete")]
    [InlineData(2, "Failed HeadTooLarge too_many_fields")]
    public void Limits_the_number_of_fields(int limit, string outcome) =>
        Assert.StartsWith(outcome, Requests.Outcome($"{Line}\r\nHost: a\r\nX: 1\r\nY_Z: 2\r\n\r\n", new HeadLimits(MaxHeaderCount: limit)), StringComparison.Ordinal);

    [Fact]
    public void Limits_the_whole_head()
    {
        var raw = $"{Line}\r\nHost: a\r\nX: 123456789\r\n\r\n";
        Assert.StartsWith("Complete", Requests.Outcome(raw, new HeadLimits(MaxHeadBytes: raw.Length)), StringComparison.Ordinal);
        for (var limit = 0; limit < raw.Length; limit++)
        {
            Assert.Equal("Failed HeadTooLarge head_too_large", Requests.Outcome(raw, new HeadLimits(MaxHeadBytes: limit)));
        }
    }

    [Fact]
    public void Does_not_wait_for_the_end_of_an_endless_line() =>
        Assert.Equal("Failed HeadTooLarge field_too_large", Requests.OutcomeOf(Wire.Bytes($"{Line}\r\nX: {new string('y', 20_000)}"), []));

    [Fact]
    public void Judges_what_stands_before_the_limit_first() =>
        Assert.Equal("Failed BadRequest bad_header_name", Requests.Outcome($"{Line}\r\nX@{new string('y', 100)}: z\r\n", new HeadLimits(MaxHeaderBytes: 20)));

    [Fact]
    public void Does_not_count_the_body_that_follows_in_the_same_buffer()
    {
        var raw = $"{Line}\r\nHost: a\r\n\r\n";
        var outcome = Requests.OutcomeOf(Wire.Bytes(raw + new string('b', 100_000)), [], new HeadLimits(MaxHeadBytes: raw.Length));

        Assert.EndsWith($"consumed:{raw.Length} head:{raw.Length}", outcome, StringComparison.Ordinal);
    }

    [Fact]
    public void Keeps_only_the_head_in_the_block()
    {
        var head = new RequestHead(new HeadBlock());
        var reader = new Http1RequestReader(head);
        reader.Begin(HeadLimits.Default);
        var raw = $"{Line}\r\nHost: a\r\n\r\n";
        Wire.Feed(reader, Wire.Bytes(raw + new string('b', 5000)));

        Assert.Equal(raw, Wire.Text(head.Block.Written));
    }

    [Fact]
    public void Reads_a_head_of_many_pieces_and_segments()
    {
        var fields = string.Concat(Enumerable.Range(0, 90).Select(i => $"X-{i}: {new string('v', 200)}\r\n"));
        var raw = Wire.Bytes($"{Line}\r\nHost: a\r\n{fields}\r\nbody");
        var head = new RequestHead(new HeadBlock());
        var reader = new Http1RequestReader(head);
        reader.Begin(HeadLimits.Default);
        var buffer = Wire.Segments(raw, [.. Enumerable.Range(1, 40).Select(i => i * 333)]);

        Assert.Equal(HeadStatus.Complete, reader.Read(buffer, out var consumed));
        Assert.Equal("body", Wire.Text(buffer.Slice(consumed)));
        Assert.Equal(91, head.Headers.Count);
    }

    [Fact]
    public void Survives_appends_of_others_between_two_reads()
    {
        var raw = Wire.Bytes("GET http://b/x?y HTTP/1.1\r\nHost: a\r\nX-Name: value\r\nContent-Length: 12\r\n\r\n");
        for (var cut = 1; cut < raw.Length; cut++)
        {
            var head = new RequestHead(new HeadBlock());
            var reader = new Http1RequestReader(head);
            reader.Begin(HeadLimits.Default);
            head.Block.Append("before"u8);
            Assert.Equal(HeadStatus.NeedMore, reader.Read(new ReadOnlySequence<byte>(raw, 0, cut), out _));
            head.Block.Append("between"u8);
            Assert.Equal(HeadStatus.Complete, reader.Read(new ReadOnlySequence<byte>(raw, cut, raw.Length - cut), out _));

            Assert.Equal("GET /x y b Host=b|X-Name=value|Content-Length=12|", $"{Wire.Text(head.Method)} {Wire.Text(head.Path)} {Wire.Text(head.Query)} {Wire.Text(head.Authority)} {Wire.Describe(head.Headers)}");
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("\r", false)]
    [InlineData("\r\n", false)]
    [InlineData("\r\nG", true)]
    [InlineData("GET / HTTP/1.1\r\n", true)]
    public void Tells_whether_a_head_has_started(string raw, bool started)
    {
        var reader = new Http1RequestReader(new RequestHead(new HeadBlock()));
        reader.Begin(HeadLimits.Default);
        Wire.Feed(reader, Wire.Bytes(raw));

        Assert.Equal(started, reader.HasStarted);
    }
}
