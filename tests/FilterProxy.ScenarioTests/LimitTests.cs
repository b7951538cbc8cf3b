using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Limits on what a client sends and on how many there are.</summary>
public sealed class LimitTests
{
    private readonly ExchangeLog _log = new();

    public static TheoryData<string, string, int, string> TooMuch => new()
    {
        { "request_body: 10", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, "body_too_large" },
        { "request_body: 10", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\nabcde\r\n", 413, "body_too_large" },
        { "request_line: 100", $"GET /{new string('x', 200)} HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long" },
        { "request_line: 512, header_size: 1KiB, request_head: 1KiB", $"GET / HTTP/1.1\r\nHost: a\r\nA: {new string('x', 600)}\r\nB: {new string('x', 600)}\r\n\r\n", 431, "head_too_large" },
        { "header_size: 100", $"GET / HTTP/1.1\r\nHost: a\r\nA: {new string('x', 200)}\r\n\r\n", 431, "head_too_large" },
        { "header_count: 2", "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n", 431, "head_too_large" },
    };

    [Theory]
    [MemberData(nameof(TooMuch))]
    public async Task A_request_over_a_limit_is_refused_and_its_connection_closed(string limit, string request, int status, string reason)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, limit);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(request);
        var response = await client.ReadResponseAsync();

        Assert.Equal((status, "close"), (response.Status, response.Headers.Values("connection").Single()));
        Assert.Equal((status, reason), ((await _log.NextAsync()) is var e ? (e.Status, e.Reason) : default));
        Assert.True(await client.IsClosedByPeerAsync());
        Assert.DoesNotContain(upstream.Requests, r => r.IsComplete);
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_passes()
    {
        await using var upstream = TestUpstream.Start(r => UpstreamResponse.Ok(r.Text));
        await using var proxy = await _log.StartAsync(upstream.Port, "request_body: 10");

        Assert.Equal("0123456789", (await proxy.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")).Text);
    }

    [Fact]
    public async Task A_connection_over_the_listeners_limit_is_closed_and_a_place_that_is_free_again_is_given()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "connections: 1");
        await using (var first = await proxy.ConnectAsync())
        {
            Assert.Equal(200, (await first.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
            await using var second = await proxy.ConnectAsync();
            Assert.True(await second.IsClosedByPeerAsync());
        }

        await Poll.UntilAsync(async () =>
        {
            try
            {
                await using var third = await proxy.ConnectAsync();
                return (await third.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status == 200;
            }
            catch (Exception e) when (e is RawFormatException or IOException or System.Net.Sockets.SocketException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task A_connection_serves_as_many_requests_as_allowed()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "requests_per_connection: 2");
        await using var client = await proxy.ConnectAsync();

        Assert.Empty((await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Headers.Values("connection"));
        Assert.Equal("close", (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Headers.Values("connection").Single());
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task An_answer_that_comes_before_the_request_has_ended_reaches_a_client_that_is_still_sending()
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Create(413, "no").ThenHang()));
        await using var proxy = await _log.StartAsync(upstream.Port);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
        var sending = SendAsync(client, 20_000_000);

        var response = await client.ReadResponseAsync();

        Assert.Equal((413, "no"), (response.Status, response.Text));
        await sending;
        Assert.True(await client.IsClosedByPeerAsync());
        await upstream.Connections[0].Closed;
    }

    private static async Task SendAsync(RawClient client, int bytes)
    {
        var piece = new byte[64 * 1024];
        try
        {
            for (var sent = 0; sent < bytes; sent += piece.Length)
            {
                await client.SendAsync(piece.AsMemory(0, Math.Min(piece.Length, bytes - sent)));
            }
        }
        catch (IOException)
        {
            // The proxy stopped reading.
        }
    }
}
