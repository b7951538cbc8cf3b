using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Every deadline: its status, its reason, and what becomes of both connections.</summary>
public sealed class TimeoutTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private readonly ExchangeLog _log = new();

    [Fact]
    public async Task An_upstream_that_does_not_accept_gets_504_after_the_connect_timeout()
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: "connect_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("connect_timeout", (await _log.NextAsync()).Reason);
        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_connect_timeout_of_off_is_no_limit()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "connect_timeout: off");

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task An_upstream_that_does_not_answer_gets_504_and_loses_its_connection_while_the_client_keeps_its_own()
    {
        await using var upstream = TestUpstream.Start(r => r.Target == "/slow" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "response_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
        Assert.Equal(new LoggedExchange(504, "upstream_response_timeout", 1), await _log.NextAsync());
        await upstream.Connections[0].Closed;
        Assert.True(upstream.Connections[0].ClosedByPeer);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_response_body_that_stands_still_is_cut()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.BeginChunked().ThenChunk("begin").ThenHang());
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "read_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);

        var received = await client.ReadToEndAsync();

        Assert.EndsWith("5\r\nbegin\r\n", received);
        Assert.True(client.WasReset);
        Assert.Equal("upstream_read_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
    }

    [Fact]
    public async Task A_head_that_does_not_end_gets_408_and_a_close()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHo");

        var response = await client.ReadResponseAsync();

        Assert.Equal((408, "close"), (response.Status, response.Headers.Values("connection").Single()));
        Assert.Equal(new LoggedExchange(408, "request_head_timeout", 0), await _log.NextAsync());
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task Sending_a_head_byte_by_byte_does_not_extend_its_time()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 500ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nX: ");
        var answer = client.ReadResponseAsync();

        while (!answer.IsCompleted)
        {
            await client.SendAsync("x");
            await Task.WhenAny(answer, Task.Delay(50));
        }

        Assert.Equal(408, (await answer).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    public async Task A_connection_that_never_began_a_request_is_closed_without_a_byte(string noise)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "header_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(noise);

        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Empty(client.Received);
    }

    [Fact]
    public async Task An_idle_connection_is_closed_without_a_byte()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "idle_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Theory]
    [InlineData("Content-Length: 10", "abc")]
    [InlineData("Transfer-Encoding: chunked", "3\r\nabc\r\n")]
    public async Task A_request_body_that_stands_still_gets_408_and_both_connections_close(string framing, string part)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "body_timeout: 300ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{part}");

        var response = await client.ReadResponseAsync();

        Assert.Equal((408, "close"), (response.Status, response.Headers.Values("connection").Single()));
        Assert.Equal("request_body_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
        Assert.False(upstream.Requests[0].IsComplete);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task A_body_on_its_way_when_the_upstream_times_out_does_not_keep_the_client_connected()
    {
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.Never()));
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { total: 300ms }");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc");

        Assert.Equal(504, (await client.ReadResponseAsync()).Status);
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Fact]
    public async Task An_exchange_longer_than_its_route_allows_gets_504()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await _log.StartAsync(upstream.Port, route: "timeouts: { total: 300ms }");
        await using var client = await proxy.ConnectAsync();

        Assert.Equal(504, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
        await upstream.Connections[0].Closed;
    }

    [Fact]
    public async Task A_total_timeout_covers_the_connect_as_well()
    {
        using var full = new FullBacklog();
        await using var proxy = await _log.StartAsync(full.Port, cluster: "connect_timeout: 30s", route: "timeouts: { total: 300ms }");

        Assert.Equal(504, (await proxy.SendAsync(Get)).Status);
        Assert.Equal("route_timeout", (await _log.NextAsync()).Reason);
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_the_upstream_back_and_is_cut_after_the_write_timeout()
    {
        long sent = 0;
        var piece = new byte[64 * 1024];
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse
            .Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            .ThenRun(async stream =>
            {
                while (true)
                {
                    await stream.WriteAsync(piece);
                    Interlocked.Add(ref sent, piece.Length);
                }
            }));
        await using var proxy = await _log.StartAsync(upstream.Port, "write_timeout: 500ms");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        var entry = await _log.NextAsync();
        await upstream.Connections[0].Closed;

        Assert.Equal("client_write_timeout", entry.Reason);

        // What fits into the sockets' own buffers on the way, and no more.
        Assert.InRange(Interlocked.Read(ref sent), 1, 32 * 1024 * 1024);
    }

    [Fact]
    public async Task An_upstream_that_does_not_read_holds_the_client_back_and_gets_504_after_the_write_timeout()
    {
        var never = new TaskCompletionSource();
        await using var upstream = TestUpstream.StartAtHead(_ => Task.FromResult(UpstreamResponse.After(never.Task)));
        await using var proxy = await _log.StartAsync(upstream.Port, cluster: "write_timeout: 500ms");
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
        var sent = new System.Runtime.CompilerServices.StrongBox<long>();
        var sending = SendUntilRefusedAsync(client, sent);

        Assert.Equal(504, (await client.ReadResponseAsync()).Status);

        // From here on the proxy reads the rest away, so that the answer is not lost to a reset.
        Assert.InRange(Volatile.Read(ref sent.Value), 1, 64 * 1024 * 1024);
        Assert.Equal("upstream_write_timeout", (await _log.NextAsync()).Reason);
        await sending;
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

    /// <summary>A listener that accepts nothing and whose queue is full: connecting to it gets no answer.</summary>
    private sealed class FullBacklog : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public FullBacklog()
        {
            var listener = New();
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(0);
            Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            var connecting = Task.CompletedTask;
            while (connecting.IsCompletedSuccessfully)
            {
                connecting = New().ConnectAsync(IPAddress.Loopback, Port);
                Task.WaitAny([connecting], TimeSpan.FromMilliseconds(300));
            }

            _ = connecting.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }

        public int Port { get; }

        public void Dispose() => _sockets.ForEach(s => s.Dispose());

        private Socket New()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _sockets.Add(socket);
            return socket;
        }
    }
}
