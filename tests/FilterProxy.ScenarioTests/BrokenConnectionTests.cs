using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>One side breaks its connection; the other side must learn of it, and never take it for a clean end.</summary>
public sealed class BrokenConnectionTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly ExchangeLog _log = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_while_it_waits_takes_the_upstream_connection_with_it(bool reset)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port);
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        if (reset)
        {
            client.Reset();
        }

        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(upstream.Connections[0].ClosedByPeer);
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }

    [Fact]
    public async Task A_client_that_only_ends_its_sending_half_gets_its_answer()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        client.CloseSending();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_takes_the_upstream_connection_with_it()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port);
        var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        await upstream.WaitForRequestsAsync(1);
        client.Reset();
        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(upstream.Requests[0].IsComplete);
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
    }

    [Fact]
    public async Task A_client_that_leaves_in_the_middle_of_the_response_stops_the_upstream()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("begin").ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port);
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadLineAsync();
        client.Reset();
        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task An_upstream_that_breaks_off_its_body_cuts_the_client(bool chunked, bool reset)
    {
        var begin = chunked
            ? UpstreamResponse.BeginChunked().ThenChunk("begin")
            : UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin");
        await using var upstream = TestUpstream.Start(_ => reset ? begin.ThenReset() : begin.ThenClose());
        await using var proxy = await _log.StartAsync(upstream.Port);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        await Assert.ThrowsAsync<RawFormatException>(() => client.ReadResponseAsync());

        Assert.True(client.WasReset);
        Assert.Contains((await _log.NextAsync()).Reason, new[] { "upstream_body_failed", "upstream_closed" });
    }
}
