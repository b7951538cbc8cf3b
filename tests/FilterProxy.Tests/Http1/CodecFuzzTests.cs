using System.Text.RegularExpressions;
using FilterProxy.Core.Http1;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.Tests.Http1;

public sealed partial class CodecFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20260117;
    private const int Rounds = 40_000;

    private static readonly byte[][] RequestMessages =
    [
        .. new[]
        {
            "GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
            "POST /p HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
            "PUT /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "GET http://b:8080/x?y#z HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n",
            "GET / HTTP/1.0\r\nX:y\r\nZ: \r\n\r\n",
        }.Select(Wire.Bytes),
    ];

    private static readonly byte[][] ResponseMessages =
    [
        .. new[]
        {
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            "HTTP/1.0 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
            "HTTP/1.1 204\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        }.Select(Wire.Bytes),
    ];

    private static readonly byte[][] Chunks =
    [
        .. new[]
        {
            "5\r\nhello\r\n0\r\n\r\n",
            "a;x=y\r\n0123456789\r\n1;z=\"q\\\"\"\r\n!\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\nGET",
            "00001;a\r\n\r\r\n2\r\n\r\n\r\n0;b\r\n\r\n",
        }.Select(Wire.Bytes),
    ];

    [Fact]
    public void Requests_mean_the_same_however_split_and_after_being_written_again()
    {
        output.WriteLine($"seed {Seed}");
        var mutator = new Mutator(Seed);
        var accepted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var raw = mutator.Mutate(RequestMessages);
            var whole = Requests.OutcomeOf(raw, []);
            var cuts = mutator.Cuts(raw.Length);
            Assert.True(whole == Requests.OutcomeOf(raw, cuts), $"round {round}, cuts [{string.Join(',', cuts)}]: {Wire.Text(raw)}");
            if (whole.StartsWith("Complete", StringComparison.Ordinal))
            {
                accepted++;
                CheckRewritten(raw, round);
            }
        }

        Assert.InRange(accepted, Rounds / 10, Rounds - (Rounds / 10));
    }

    [Fact]
    public void Responses_mean_the_same_however_split()
    {
        output.WriteLine($"seed {Seed}");
        var mutator = new Mutator(Seed);
        var accepted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var raw = mutator.Mutate(ResponseMessages);
            var whole = Http1ResponseReaderTests.OutcomeOf(raw, []);
            Assert.True(whole == Http1ResponseReaderTests.OutcomeOf(raw, mutator.Cuts(raw.Length)), $"round {round}: {Wire.Text(raw)}");
            if (whole.StartsWith("Complete", StringComparison.Ordinal))
            {
                var head = Http1ResponseReaderTests.Parse(Wire.Text(raw));
                var error = Http1Framing.ForResponse(head, (HttpMethodKind)mutator.Below(4), out var framing);
                Assert.True(error.IsError || framing.Length >= 0);
                accepted++;
            }
        }

        Assert.InRange(accepted, Rounds / 10, Rounds - (Rounds / 10));
    }

    [Fact]
    public void Chunked_bodies_mean_the_same_however_split_and_to_a_naive_decoder()
    {
        output.WriteLine($"seed {Seed}");
        var mutator = new Mutator(Seed);
        var accepted = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var raw = mutator.Mutate(Chunks);
            var whole = ChunkedBodies.OutcomeOf(raw, []);
            Assert.True(whole == ChunkedBodies.OutcomeOf(raw, mutator.Cuts(raw.Length)), $"round {round}: {Wire.Text(raw)}");
            var decoded = whole.IndexOf(" consumed:", StringComparison.Ordinal);
            if (decoded > 0)
            {
                accepted++;
                var (body, consumed) = DecodeNaively(Wire.Text(raw));
                Assert.StartsWith(body + " ", whole, StringComparison.Ordinal);
                Assert.EndsWith($" consumed:{consumed}", whole, StringComparison.Ordinal);
            }
        }

        Assert.InRange(accepted, Rounds / 10, Rounds - (Rounds / 10));
    }

    // What an origin would read that splits at CRLF and the first colon, and knows no leniency.
    private static void CheckRewritten(byte[] raw, int round)
    {
        var head = Requests.Parse(Wire.Text(raw));
        Http1Framing.ForRequest(head, out var framing);
        var expected = Wire.Describe(head.Headers);
        var written = Http1WriterTests.Write(head, "", framing);
        var where = $"round {round}: {Wire.Text(raw)}\n-> {written}";

        Assert.True(written.IndexOf("\r\n\r\n", StringComparison.Ordinal) == written.Length - 4, where);
        var lines = written[..^4].Split("\r\n");
        Assert.True(lines.All(line => !line.AsSpan().ContainsAny('\r', '\n', '\0')), where);
        Assert.True(RequestLine().IsMatch(lines[0]), where);
        var fields = lines[1..].Select(line => Field().Match(line)).ToList();
        Assert.True(fields.All(field => field.Success), where);
        Assert.Single(fields, field => Is(field, "host"));
        var lengths = fields.Where(field => Is(field, "content-length")).Select(field => long.Parse(field.Groups[2].Value)).ToList();
        var codings = fields.Where(field => Is(field, "transfer-encoding")).Select(field => field.Groups[2].Value).ToList();
        Assert.True(framing.Kind == BodyKind.Chunked ? codings is ["chunked"] && lengths is [] : codings is [], where);
        Assert.True(framing.Kind != BodyKind.Length || lengths.SequenceEqual([framing.Length]), where);
        Assert.True(framing.Kind != BodyKind.None || lengths is [] or [0], where);

        // The writer's own fields aside, the fields are those the filters saw, in their order.
        var seen = string.Concat(fields.Where(f => !IsOwn(f.Groups[1].Value)).Select(f => $"{f.Groups[1]}={f.Groups[2]}|"));
        var kept = string.Concat(expected.Length == 0 ? [] : Enumerate(head.Headers).Where(f => !IsOwn(f.Name)).Select(f => $"{f.Name}={f.Value}|"));
        Assert.True(seen == (head.Headers.Contains(KnownHeader.Host) ? kept : "Host=|" + kept), where);

        var again = Requests.Parse(written);
        Assert.False(Http1Framing.ForRequest(again, out var framingAgain).IsError, where);
        Assert.Equal(framing with { KeepAlive = true }, framingAgain);
        Assert.Equal(written, Http1WriterTests.Write(again, "", framingAgain));
    }

    private static List<(string Name, string Value)> Enumerate(HeaderMap headers)
    {
        var fields = new List<(string, string)>();
        foreach (var field in headers)
        {
            fields.Add((Wire.Text(field.Name), Wire.Text(field.Value)));
        }

        return fields;
    }

    private static bool Is(Match field, string name) => field.Groups[1].Value.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static bool IsOwn(string name) =>
        name.Equals("connection", StringComparison.OrdinalIgnoreCase) || name.Equals("transfer-encoding", StringComparison.OrdinalIgnoreCase);

    private static (string Body, int Consumed) DecodeNaively(string raw)
    {
        var body = "";
        var at = 0;
        while (true)
        {
            var end = raw.IndexOf("\r\n", at, StringComparison.Ordinal);
            var size = Convert.ToInt32(raw[at..end].Split(';')[0], 16);
            at = end + 2;
            if (size == 0)
            {
                break;
            }

            body += raw.Substring(at, size);
            Assert.Equal("\r\n", raw.Substring(at + size, 2));
            at += size + 2;
        }

        while (!raw.AsSpan(at).StartsWith("\r\n"))
        {
            at = raw.IndexOf("\r\n", at, StringComparison.Ordinal) + 2;
        }

        return (body, at + 2);
    }

    [GeneratedRegex(@"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP/1\.1\z")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([^\r\n\0]*)\z")]
    private static partial Regex Field();
}
