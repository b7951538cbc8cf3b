using System.Text;
using System.Text.RegularExpressions;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>
/// Whatever bytes stand wherever in the head or the trailers of a stream, an HTTP/1 upstream reads one request for each that was let
/// through, and in it no line, length or host but those the client named as such.
/// </summary>
public sealed partial class DowngradeFuzzTests(ITestOutputHelper output) : Http2Scenario
{
    private const int Seed = 20261121;
    private const int RequestsPerConnection = 100;

    private static readonly (string Name, string Value)[] Head =
    [
        (":method", "POST"), (":scheme", "http"), (":path", "/p?q=1"), (":authority", "a.example"),
        ("x-a", "value"), ("cookie", "c=1"), ("te", "trailers"), ("content-length", "5"), ("x-z", "last"),
    ];

    // What HTTP/1 gives a meaning to, alone and as an attack.
    private static readonly string[] Bytes =
    [
        "\r", "\n", "\r\n", "\0", ":", " ", "\t", "\v", "\x7f", "\x85", ",", ", 6", "\r\nx-injected: 1", "\nx-injected: 1", "\rx-injected: 1",
        "\r\ncontent-length: 0", "\r\ntransfer-encoding: chunked", " HTTP/1.1\r\nx-injected: 1", "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    private static readonly (string Name, string Value)[] Extras =
    [
        ("content-length", "5"), ("content-length", "6"), ("content-length", "0"), ("content-length", "+5"), ("Content-Length", "5"),
        ("transfer-encoding", "chunked"), ("transfer-encoding", ""), ("connection", "x-a"), ("upgrade", "websocket"), ("host", "a.example"), ("host", "b.example"),
        (":path", "/b"), (":authority", "b.example"), (":method", "GET"), (":scheme", "https"), (":protocol", "websocket"), (":status", "200"), ("", ""),
        (":", ""), ("x-a\r\ncontent-length", "0"), ("x-a:", "1"), ("expect", "100-continue"),
    ];

    [Theory]
    [MemberData(nameof(Transports))]
    public Task Every_byte_at_every_place_of_a_head(TestTransport transport)
    {
        var heads = new List<Request>();
        for (var i = 0; i < Head.Length; i++)
        {
            foreach (var bytes in Bytes)
            {
                heads.AddRange(Places(Head[i].Name).Select(at => new Request(With(Head, i, (Head[i].Name.Insert(at, bytes), Head[i].Value)))));
                heads.AddRange(Places(Head[i].Value).Select(at => new Request(With(Head, i, (Head[i].Name, Head[i].Value.Insert(at, bytes))))));
            }
        }

        return AssertCleanAsync(transport, heads);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public Task Every_field_too_many_at_every_place_of_a_head(TestTransport transport) => AssertCleanAsync(
        transport,
        [.. Extras.SelectMany(extra => Enumerable.Range(0, Head.Length + 1).Select(at => new Request([.. Head[..at], extra, .. Head[at..]])))]);

    [Theory]
    [MemberData(nameof(Transports))]
    public Task Every_byte_at_every_place_of_a_trailer(TestTransport transport)
    {
        var requests = new List<Request>();
        (string, string)[] head = [.. Head.Where(f => f.Name != "content-length")];
        foreach (var bytes in Bytes)
        {
            requests.AddRange(Places("x-sum").Select(at => new Request(head, ("x-sum".Insert(at, bytes), "7"))));
            requests.AddRange(Places("value").Select(at => new Request(head, ("x-sum", "value".Insert(at, bytes)))));
        }

        requests.AddRange(Extras.Select(extra => new Request(head, extra)));
        return AssertCleanAsync(transport, requests);
    }

    [Fact]
    public async Task Heads_at_random()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var requests = Enumerable.Range(0, 2_000).Select(_ => Mutate(random)).ToList();

        await AssertCleanAsync(TestTransport.H2c, requests);
    }

    private static Request Mutate(Random random)
    {
        const string Alphabet = "\r\n\0: \t,;=/\\?#%@[]{}|^~abcXYZ0159+-.\v\x7f\x80\xff";
        var fields = Head.ToList();
        for (var edits = random.Next(1, 5); edits > 0; edits--)
        {
            var at = random.Next(fields.Count);
            var (name, value) = fields[at];
            var text = new string([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Alphabet[random.Next(Alphabet.Length)])]);
            switch (random.Next(8))
            {
                case 0:
                    fields[at] = (name.Insert(random.Next(name.Length + 1), text), value);
                    break;
                case 1 or 2:
                    fields[at] = (name, value.Insert(random.Next(value.Length + 1), text));
                    break;
                case 3:
                    fields.Insert(at, Extras[random.Next(Extras.Length)]);
                    break;
                case 4:
                    fields.Insert(random.Next(fields.Count + 1), fields[at]);
                    break;
                case 5:
                    fields.Insert(at, (text, Bytes[random.Next(Bytes.Length)]));
                    break;
                case 6 when fields.Count > 1:
                    fields.RemoveAt(at);
                    break;
                default:
                    fields[at] = (name, value.Insert(random.Next(value.Length + 1), Bytes[random.Next(Bytes.Length)]));
                    break;
            }
        }

        if (random.Next(4) > 0)
        {
            return new Request([.. fields]);
        }

        // Without a length: with one, an upstream has the whole request before the trailers come.
        fields.RemoveAll(f => f.Name.Contains("length", StringComparison.OrdinalIgnoreCase));
        return new Request([.. fields], ("x-sum", Bytes[random.Next(Bytes.Length)]));
    }

    /// <summary>Sends each with a body of five bytes, and looks at what the upstream read.</summary>
    private async Task AssertCleanAsync(TestTransport transport, IReadOnlyList<Request> requests)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, "{ underscores: allow }");
        var accepted = 0;
        foreach (var some in requests.Chunk(RequestsPerConnection))
        {
            var client = await proxy.ConnectH2Async();
            foreach (var request in some)
            {
                var answer = await SendAsync(client, request);
                var before = accepted;
                accepted += answer == "status 200" ? 1 : 0;
                Assert.True(accepted > before || IsRefusal(answer), $"{answer}: {request}");
                Assert.True(accepted == upstream.Requests.Count(r => r.IsComplete), $"{accepted} let through, {upstream.Requests.Count(r => r.IsComplete)} read: {request}");
                if (answer == "closed" || answer.StartsWith("goaway", StringComparison.Ordinal))
                {
                    await client.DisposeAsync();
                    client = await proxy.ConnectH2Async();
                }
            }

            await client.DisposeAsync();
        }

        Assert.All(upstream.Requests, AssertClean);
        output.WriteLine($"{requests.Count} sent, {accepted} let through, {upstream.Requests.Count} begun");
        Assert.True(accepted > 0, "Something must be let through, or nothing was tried.");
        Assert.DoesNotContain(proxy.LogLines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static void AssertClean(UpstreamRequest request)
    {
        Assert.Matches(StrictHead(), request.RawHead);
        Assert.False(request.Headers.Contains("x-injected") || request.Trailers.Contains("x-injected"), request.RawHead);
        Assert.False(request.Target.StartsWith("/smuggled", StringComparison.Ordinal), request.RawHead);
        Assert.Single(request.Headers.Values("host"));
        Assert.Equal(1, request.Headers.Values("content-length").Count + request.Headers.Values("transfer-encoding").Count);
        Assert.True(!request.IsComplete || request.Text is "hello" or "", request.RawHead);
        var trailers = Encoding.Latin1.GetString(request.RawBody);
        Assert.DoesNotMatch(BareLineEnd(), request.Headers.Contains("transfer-encoding") ? trailers : "");
    }

    private static async Task<string> SendAsync(H2Client client, Request request)
    {
        try
        {
            var stream = await client.OpenAsync(end: false, request.Head);
            await client.SendDataAsync(stream, "hello"u8.ToArray(), end: request.Trailer is null);
            if (request.Trailer is { } trailer)
            {
                await client.SendAsync(new H2Frame(H2FrameType.Headers, H2Frame.EndStream | H2Frame.EndHeaders, stream, Hpack.Encode(trailer)));
            }

            return await RefusalAsync(client, stream);
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    private static IEnumerable<int> Places(string text) => new[] { 0, text.Length / 2, text.Length }.Distinct();

    private static (string, string)[] With((string, string)[] fields, int at, (string, string) field) => [.. fields[..at], field, .. fields[(at + 1)..]];

    [GeneratedRegex(@"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e]+ HTTP/1\.1\r\n([!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)+\r\n\z")]
    private static partial Regex StrictHead();

    [GeneratedRegex(@"\r(?!\n)|(?<!\r)\n|\0")]
    private static partial Regex BareLineEnd();

    private sealed record Request((string, string)[] Head, (string, string)? Trailer = null)
    {
        public override string ToString() => string.Join(" | ", Head.Append(Trailer ?? default).Select(f => $"{Escape(f.Item1)}={Escape(f.Item2)}"));

        private static string Escape(string? text) => text is null ? "" : text.Replace("\r", "\\r").Replace("\n", "\\n").Replace("\0", "\\0");
    }
}
