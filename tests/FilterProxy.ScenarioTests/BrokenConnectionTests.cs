using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>One side breaks its connection; the other side must learn of it, and never take it for a clean end.</summary>
public sealed class BrokenConnectionTests : Scenario
{
    private readonly ExchangeLog _log = new();

    public static TheoryData<TestTransport, bool> TransportsAndBool
    {
        get
        {
            var data = new TheoryData<TestTransport, bool>();
            foreach (var transport in TestTransports.Most)
            {
                data.Add(transport, true);
                data.Add(transport, false);
            }

            return data;
        }
    }

    public static TheoryData<string, bool, string, TestTransport> Breaks
    {
        get
        {
            var data = new TheoryData<string, bool, string, TestTransport>();
            foreach (var transport in TestTransports.Most)
            {
                foreach (var reset in new[] { true, false })
                {
                    data.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n", reset, "1.1", transport);
                    data.Add("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin", reset, "1.1", transport);
                }

                // Without a length the end is the end; only a reset tells that it came too early.
                data.Add("HTTP/1.1 200 OK\r\n\r\nbegin", true, "1.1", transport);
                if (!TestTransports.IsHttp2(transport))
                {
                    data.Add("HTTP/1.1 200 OK\r\n\r\nbegin", true, "1.0", transport);
                    data.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n", true, "1.0", transport);
                    data.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n", false, "1.0", transport);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(TransportsAndBool))]
    public async Task A_client_that_leaves_while_it_waits_takes_the_upstream_connection_with_it(TestTransport transport, bool reset)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
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

    // HTTP/1 in the clear alone: neither TLS nor HTTP/2 has halves that end by themselves.
    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task A_client_that_only_ends_its_sending_half_gets_its_answer(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        client.CloseSending();

        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_leaves_in_the_middle_of_its_body_takes_the_upstream_connection_with_it(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
        await upstream.WaitForRequestsAsync(1);
        client.Reset();
        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(upstream.Requests[0].IsComplete);
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_client_that_leaves_in_the_middle_of_the_response_stops_the_upstream(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("begin").ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadLineAsync();
        client.Reset();
        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("client_closed", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task An_upstream_that_breaks_off_its_body_cuts_the_client(string begin, bool reset, string version, TestTransport transport)
    {
        var response = UpstreamResponse.Raw(begin);
        await using var upstream = TestUpstream.Start(_ => reset ? response.ThenReset() : response.ThenClose());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/{version}\r\nHost: a\r\n\r\n");

        await Assert.ThrowsAsync<RawFormatException>(() => client.ReadResponseAsync());

        Assert.True(client.WasReset);
        Assert.Contains((await _log.NextAsync()).Reason, new[] { "upstream_body_failed", "upstream_closed" });
        await Poll.UntilAsync(() => proxy.OpenConnections == (TestTransports.IsHttp2(transport) ? 1 : 0));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_that_ends_with_its_connection_is_complete(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\n\r\nwhole").ThenClose());
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal("whole", (await client.RoundTripAsync(Get)).Text);
        Assert.Equal("via_upstream", (await _log.NextAsync()).Reason);
    }

    [Theory]
    [MemberData(nameof(TransportsAndBool))]
    public async Task A_client_that_leaves_while_the_response_is_being_written_is_no_failure_of_the_engine(TestTransport transport, bool reset)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").ThenRun(async stream =>
        {
            var piece = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(piece);
            }
        }));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadExactlyAsync(100_000);
        if (reset)
        {
            client.Reset();
        }

        await client.DisposeAsync();

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(5));
        var logged = await _log.NextAsync();
        Assert.DoesNotContain(proxy.LogLines, line => line.StartsWith("Error", StringComparison.Ordinal));
        Assert.Equal("client_closed", logged.Reason);
        await Poll.UntilAsync(() => proxy.OpenConnections == 0);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_answer_in_the_middle_of_the_upload_reaches_a_client_that_is_still_sending(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Create(413, "no").ThenHang()));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
        var sending = SendAsync(client, 20_000_000);

        var response = await client.ReadResponseAsync();

        Assert.Equal((413, "no"), (response.Status, response.Text));
        await sending;
        await AssertLetGoAsync(client);
        await upstream.Connections[0].Closed;
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_answer_in_the_middle_of_the_upload_followed_by_a_close_is_passed_on(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(
            UpstreamResponse.Raw("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno").ThenClose()));
        await using var proxy = await _log.StartAsync(upstream.Port, transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");

        var response = await client.ReadResponseAsync();

        // RFC 9112 §9.6: what the client still sends is read away for a while, then the connection closes.
        Assert.Equal((413, "no"), (response.Status, response.Text));
        await client.SendAsync(new byte[50_000]);
        await AssertLetGoAsync(client);
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
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // The proxy stopped reading.
        }
    }
}
