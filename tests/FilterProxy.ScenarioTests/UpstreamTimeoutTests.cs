using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>The times an upstream and an exchange are given: status, reason, metric, and what becomes of both connections.</summary>
public sealed class UpstreamTimeoutTests : Scenario
{
    private readonly ExchangeLog _log = new();

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_that_does_not_accept_gets_504_after_the_connect_timeout(TestTransport transport)
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: "connect_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("connect_timeout", (await _log.NextAsync()).Reason);
        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_connect_timeout_of_off_is_no_limit(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "connect_timeout: off", transport: transport);

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_that_does_not_answer_gets_504_and_loses_its_connection_while_the_client_keeps_its_own(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/slow" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "response_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(new LoggedExchange(504, "upstream_response_timeout", 1), await _log.NextAsync());
        await upstream.Connections[0].Closed;
        Assert.True(upstream.Connections[0].ClosedByPeer);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        await Counted.TimeoutAsync(proxy, "cluster.response_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_response_body_that_stands_still_is_cut(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("begin").ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "read_timeout: 300ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        var received = await client.ReadToEndAsync();

        Assert.EndsWith("5\r\nbegin\r\n", received);
        Assert.True(client.WasReset);
        Assert.Equal("upstream_read_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        await Counted.TimeoutAsync(proxy, "cluster.read_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_body_on_its_way_when_the_upstream_times_out_does_not_keep_the_client_connected(TestTransport transport)
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Never()));
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { total: 300ms }", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc");

        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        await AssertLetGoAsync(client);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_longer_than_its_route_allows_gets_504(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { total: 300ms }", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        await Counted.TimeoutAsync(proxy, "route.total");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_total_timeout_covers_the_connect_as_well(TestTransport transport)
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: "connect_timeout: 30s", route: "timeouts: { total: 300ms }", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "route.total");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_that_does_not_read_holds_the_client_back_and_gets_504_after_the_write_timeout(TestTransport transport)
    {
        var never = new TaskCompletionSource();
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.After(never.Task)));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "write_timeout: 3s", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
        var sent = new System.Runtime.CompilerServices.StrongBox<long>();
        var sending = SendUntilRefusedAsync(client, sent);

        // Held back: it gets no further, until with the answer the proxy reads the rest away, so that this is not lost to a reset.
        var before = -1L;
        long held;
        while ((held = Volatile.Read(ref sent.Value)) == 0 || held != before)
        {
            before = held;
            await Task.Delay(300);
        }

        Assert.InRange(held, 1, 64 * 1024 * 1024);
        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        Assert.Equal("upstream_write_timeout", (await _log.NextAsync()).Reason);
        await sending;
        await Counted.TimeoutAsync(proxy, "cluster.write_timeout");
    }

    private static async Task SendUntilRefusedAsync(RawClient client, System.Runtime.CompilerServices.StrongBox<long> sent)
    {
        var piece = new byte[64 * 1024];
        try
        {
            while (sent.Value < 99_000_000)
            {
                await client.SendAsync(piece);
                Volatile.Write(ref sent.Value, sent.Value + piece.Length);
            }
        }
        catch (IOException)
        {
            // The proxy has closed.
        }
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_upstream_that_accepts_and_does_not_do_its_tls_handshake_gets_504_with_a_reason_of_its_own(TestTransport transport)
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        await using var proxy = await _log.StartAsync(port, cluster: "tls: { insecure: true, handshake_timeout: 300ms }", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal(new LoggedExchange(504, "upstream_handshake_timeout", 1), await _log.NextAsync());
        await Counted.TimeoutAsync(proxy, "cluster.tls.handshake_timeout");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_attempt_longer_than_allowed_gets_504_and_loses_its_connection(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { per_try: 300ms }", transport: transport);
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal(new LoggedExchange(504, "per_try_timeout", 1), await _log.NextAsync());
        await upstream.Connections[0].Closed;
        await Counted.TimeoutAsync(proxy, "route.per_try");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_attempt_that_was_too_long_is_repeated_where_a_filter_asks_for_it(TestTransport transport)
    {
        var seen = 0;
        await using var upstream = TestUpstream.Start(_ => Interlocked.Increment(ref seen) == 1 ? UpstreamResponse.Never() : UpstreamResponse.Ok("second"));
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            http: { route_filters: [ {{_log.Filter}}, retry_always ] }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}", "localhost:{{upstream.Port}}"], per_try_timeout: 300ms } }
            """,
            transport,
            typeof(ExchangeLogFilter),
            typeof(RetryAlwaysFilter));

        Assert.Equal("second", (await proxy.SendAsync(Get)).Text);
        Assert.Equal(new LoggedExchange(200, "via_upstream", 2), await _log.NextAsync());
        await Counted.TimeoutAsync(proxy, "route.per_try");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task The_time_of_an_attempt_ends_with_the_response_head(TestTransport transport)
    {
        var gate = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("a").ThenWait(gate.Task).ThenChunk("b").ThenLastChunk());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "per_try_timeout: 200ms", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        var response = client.ReadResponseAsync();

        Assert.NotSame(response, await Task.WhenAny(response, Task.Delay(700)));
        gate.SetResult();

        Assert.Equal("ab", (await response).Text);
        Counted.Nothing(proxy);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task Connecting_counts_as_part_of_the_attempt(TestTransport transport)
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: "connect_timeout: 30s, per_try_timeout: 300ms", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("per_try_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "route.per_try");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_that_stands_still_before_its_response_gets_504(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { idle: 300ms }", transport: transport);

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("stream_idle_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        await Counted.TimeoutAsync(proxy, "route.idle");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_whose_bytes_move_is_not_idle_and_is_cut_once_they_do_not(TestTransport transport)
    {
        var stop = NewGate();
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenRun(async stream =>
        {
            for (var i = 0; i < 20; i++)
            {
                await stream.WriteAsync("1\r\nx\r\n"u8.ToArray());
                await Task.Delay(100);
            }

            await stop.Task;
        }));
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { idle: 1500ms }", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        var received = await client.ReadToEndAsync();
        stop.SetResult();

        Assert.Equal(20, received.Split("1\r\nx\r\n").Length - 1);
        Assert.True(client.WasReset);
        Assert.Equal("stream_idle_timeout", (await _log.NextAsync()).Reason);
        await Counted.TimeoutAsync(proxy, "route.idle");
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task A_total_timeout_cuts_a_response_that_has_begun(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("begin").ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { total: 2s }", transport: transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        await client.ReadToEndAsync();

        Assert.True(client.WasReset);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        await Counted.TimeoutAsync(proxy, "route.total");
    }
}
