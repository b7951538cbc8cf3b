using System.Security.Cryptography;
using System.Text;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Protocol;

public sealed class BodyTests : Scenario
{
    private const string PostChunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_of_known_length_keeps_its_length_both_ways(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        var response = await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");

        Assert.Equal("5", upstream.Requests[0].Headers["Content-Length"]);
        Assert.Equal(("hello", "5"), (response.Text, response.Headers["Content-Length"]));
    }

    // HTTP/1 alone: about chunks.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_chunked_request_is_framed_anew_without_extensions(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        var response = await proxy.SendAsync(PostChunked + "\r\n5;a=b\r\nhello\r\n001;c=\"d\"\r\n!\r\n0;last\r\n\r\n");

        Assert.Equal("hello!", response.Text);
        var request = upstream.Requests[0];
        Assert.Equal("chunked", request.Headers["Transfer-Encoding"]);
        Assert.DoesNotContain(";", Encoding.ASCII.GetString(request.RawBody), StringComparison.Ordinal);
        Assert.True(request.IsComplete);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_chunked_response_is_framed_anew_without_extensions(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenSend("5;a=b\r\nhello\r\n0001;c\r\n!\r\n00;d\r\n\r\n"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var response = await client.RoundTripAsync(Get);

        Assert.Equal(("hello!", "chunked"), (response.Text, response.Headers["Transfer-Encoding"]));
        Assert.DoesNotContain(";", Encoding.ASCII.GetString(client.Received), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Trailers_pass_both_ways(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked(("Trailer", "X-Sum")).ThenChunk("a").ThenLastChunk(("X-Sum", "down")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);

        var response = await proxy.SendAsync(PostChunked + "Trailer: X-Up\r\n\r\n1\r\nb\r\n0\r\nX-Up: up\r\n\r\n");

        Assert.Equal("up", upstream.Requests[0].Trailers["X-Up"]);
        Assert.Equal("down", response.Trailers["X-Sum"]);
        Assert.Equal("X-Sum", response.Headers["Trailer"]);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Empty_bodies_stay_empty(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/chunked" ? UpstreamResponse.Chunked() : UpstreamResponse.Ok(""));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        var length = await client.RoundTripAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        var chunked = await client.RoundTripAsync("POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");

        Assert.Equal(("", "0"), (length.Text, length.Headers["Content-Length"]));
        Assert.Equal("", chunked.Text);
        if (!TestTransports.IsHttp2(transport))
        {
            // HTTP/2 has no codings of transfer: the end comes with the fields or after them.
            Assert.Equal("chunked", chunked.Headers["Transfer-Encoding"]);
        }

        Assert.All(upstream.Requests, r => Assert.True(r.IsComplete && r.Body.Length == 0));
        Assert.Equal("0", upstream.Requests[0].Headers["Content-Length"]);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Head_204_and_304_have_fields_and_no_body(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target switch
        {
            "/204" => UpstreamResponse.Raw("HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n"),
            "/304" => UpstreamResponse.Raw("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 77\r\n\r\n"),
            "/chunked" => UpstreamResponse.Chunked("x"),
            _ => UpstreamResponse.Ok("four"),
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("4", (await client.RoundTripAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")).Headers["Content-Length"]);
        Assert.Equal(200, (await client.RoundTripAsync("HEAD /chunked HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal("1", (await client.RoundTripAsync("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n")).Headers["X-A"]);
        var notModified = await client.RoundTripAsync("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(("\"x\"", "77"), (notModified.Headers["ETag"], notModified.Headers["Content-Length"]));
        Assert.Equal("four", (await client.RoundTripAsync(Get)).Text);
        Assert.Single(upstream.Connections);
    }

    // HTTP/1 alone: HTTP/2 has an end of its own, as BrokenConnectionTests shows.
    [Theory]
    [MemberData(nameof(Http1Transports))]
    public async Task A_body_that_ends_with_the_upstream_connection_is_chunked_for_1_1_and_closed_for_1_0(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\n\r\nuntil close").ThenClose());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();
        await using var old = await proxy.ConnectAsync();

        var modern = await client.RoundTripAsync(Get);
        var simple = await old.RoundTripAsync("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");

        Assert.Equal(("until close", "chunked"), (modern.Text, modern.Headers["Transfer-Encoding"]));
        Assert.Equal(("until close", "close"), (simple.Text, simple.Headers["Connection"]));
        Assert.Equal("until close", (await client.RoundTripAsync(Get)).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_response_streams_while_the_upstream_still_waits(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked(("Content-Type", "text/event-stream"))
            .ThenChunk("data: 1\n\n").ThenWait(gate.Task).ThenChunk("data: 2\n\n").ThenLastChunk());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        await ReadUntilAsync(client, "data: 1\n\n");
        gate.SetResult();
        await ReadUntilAsync(client, "data: 2\n\n\r\n0\r\n\r\n");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_head_arrives_while_the_upstream_has_sent_no_body_yet(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n").ThenWait(gate.Task).ThenSend("ok"));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        await ReadUntilAsync(client, "\r\n\r\n");
        gate.SetResult();
        await ReadUntilAsync(client, "ok");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_request_streams_while_the_client_still_waits(TestTransport transport)
    {
        var head = NewGate();
        await using var upstream = TestUpstream.StartAtHead(async r =>
        {
            head.SetResult();
            await r.ReadBodyAsync();
            return UpstreamResponse.Ok(r.Text);
        });
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(PostChunked + "\r\n2\r\nab\r\n");
        await head.Task.WaitAsync(client.Deadline);
        await client.SendAsync("1\r\nc\r\n0\r\n\r\n");

        Assert.Equal("abc", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_piece_of_a_request_is_answered_before_the_next_is_sent(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(r => Task.FromResult(UpstreamResponse.BeginChunked().ThenRun(EchoAsync)));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        await ReadUntilAsync(client, "\r\n\r\n");
        foreach (var piece in new[] { "a", "b", "c" })
        {
            await client.SendAsync(piece);
            await ReadUntilAsync(client, $"1\r\n{piece}\r\n");
        }

        await ReadUntilAsync(client, "0\r\n\r\n");

        static async Task EchoAsync(Stream stream)
        {
            var one = new byte[1];
            for (var i = 0; i < 3; i++)
            {
                await stream.ReadExactlyAsync(one);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"1\r\n{(char)one[0]}\r\n"));
            }

            await stream.WriteAsync("0\r\n\r\n"u8.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Five_megabytes_flow_both_ways_at_once_unchanged(TestTransport transport)
    {
        const int size = 5_000_000;
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(
            UpstreamResponse.Raw($"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").ThenRun(EchoAsync)));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();
        var body = RandomNumberGenerator.GetBytes(size);

        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        await upstream.WaitForRequestsAsync(1);
        var sending = client.SendAsync(body);
        var response = await client.ReadResponseAsync();
        await sending;

        Assert.Equal(SHA256.HashData(body), SHA256.HashData(response.Body));

        static async Task EchoAsync(Stream stream)
        {
            var buffer = new byte[8192];
            for (var left = size; left > 0;)
            {
                var read = await stream.ReadAsync(buffer);
                await stream.WriteAsync(buffer.AsMemory(0, read));
                left -= read;
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Bodies_larger_than_every_buffer_arrive_byte_for_byte(TestTransport transport)
    {
        var body = RandomNumberGenerator.GetBytes(3_000_001);
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.BeginChunked(("X-Hash", Convert.ToHexString(SHA256.HashData(r.Body))))
            .ThenSend($"{body.Length:x}\r\n").ThenSend(body).ThenSend("\r\n").ThenLastChunk());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(PostChunked + $"\r\n{body.Length:x}\r\n");
        await client.SendAsync(body);
        await client.SendAsync("\r\n0\r\n\r\n");
        var response = await client.ReadResponseAsync();

        Assert.Equal(Convert.ToHexString(SHA256.HashData(body)), response.Headers["X-Hash"]);
        Assert.Equal(SHA256.HashData(body), SHA256.HashData(response.Body));
        Assert.Equal("ok", await AskAgainAsync());

        // The connection stands at a message boundary after all this.
        async Task<string> AskAgainAsync() => (await client.RoundTripAsync(Get)).Status == 200 ? "ok" : "not ok";
    }

    private static async Task ReadUntilAsync(RawClient client, string end)
    {
        var text = "";
        while (!text.EndsWith(end, StringComparison.Ordinal))
        {
            text += Encoding.Latin1.GetString(await client.ReadExactlyAsync(1));
        }
    }
}
