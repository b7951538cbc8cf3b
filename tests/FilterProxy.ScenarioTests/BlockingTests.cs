using System.Collections.Concurrent;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>A component that blocks leaves the event loop, and the exchange comes back to it, whatever the component awaited.</summary>
public sealed class BlockingTests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Tls)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.DirectTls)]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task Every_phase_of_a_blocking_filter_runs_off_the_loop_and_what_follows_runs_on_it(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, transport, "{ route_filters: [ witness/first, blocker, witness/last ] }", "", typeof(WitnessFilter), typeof(BlockerFilter));
        await using var client = await proxy.ConnectAsync();

        // A connection begins on the thread pool, and is on a loop once it has waited for its client.
        await client.RoundTripAsync(Post);
        BlockerFilter.Seen.Clear();
        WitnessFilter.Seen.Clear();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(200, (await client.RoundTripAsync(Post)).Status);
        }

        // Seven phases, each off the loop.
        Assert.Equal(["logging", "peer", "request", "request_body", "response", "response_body", "upstream_request"], BlockerFilter.Seen.Select(s => s.Phase).Distinct().Order());
        Assert.All(BlockerFilter.Seen, seen => Assert.Null(seen.Loop));

        // What stands before and behind it is on a loop: in the request phases on the one that the exchange began on. Kestrel's engine
        // begins its exchanges on the thread pool.
        if (TestTransports.IsHttp2(transport))
        {
            return;
        }

        Assert.All(WitnessFilter.Seen, seen => Assert.NotNull(seen.Loop));
        var requests = WitnessFilter.Seen.Where(s => s.Phase == "request").Select(s => s.Loop).ToList();
        Assert.Equal(10, requests.Count);
        Assert.All(requests.Chunk(2), pair => Assert.Equal(pair[0], pair[1]));
    }

    [Fact]
    public async Task A_blocking_filter_that_throws_is_answered_from_the_loop()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, TestTransport.Direct, "{ route_filters: [ witness, thrower ] }", "", typeof(WitnessFilter), typeof(ThrowerFilter));
        await using var client = await proxy.ConnectAsync();
        await client.RoundTripAsync(Post);
        WitnessFilter.Seen.Clear();

        Assert.Equal(500, (await client.RoundTripAsync(Post)).Status);

        Assert.NotNull(Assert.Single(WitnessFilter.Seen, s => s.Phase == "response").Loop);
    }

    [Fact]
    public async Task A_blocking_connection_filter_hands_the_connection_on_from_the_loop()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: { web: { address: "127.0.0.1:0", io: direct, filters: [ connection_peeker, connection_blocker, connection_witness ] } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            TestTransport.Direct,
            typeof(ConnectionPeeker),
            typeof(ConnectionBlocker),
            typeof(ConnectionWitness));

        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);

        Assert.NotNull(ConnectionPeeker.Seen);
        Assert.True(ConnectionBlocker.WasOffLoop);
        Assert.Equal(ConnectionPeeker.Seen, ConnectionWitness.Seen);
    }

    private static async Task LeaveAsync() => await Task.Delay(1).ConfigureAwait(false);

    [Component("witness")]
    public sealed class WitnessFilter : IRequestFilter, IUpstreamRequestFilter, IResponseFilter
    {
        internal static ConcurrentQueue<(string Phase, EventLoop? Loop)> Seen { get; } = new();

        public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            Seen.Enqueue(("request", EventLoop.Current));
            return new(FilterStatus.Continue);
        }

        public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
        {
            Seen.Enqueue(("upstream_request", EventLoop.Current));
            return default;
        }

        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            Seen.Enqueue(("response", EventLoop.Current));
            return default;
        }
    }

    [Component("blocker", Blocking = true)]
    public sealed class BlockerFilter : IRequestFilter, IUpstreamPeerFilter, IUpstreamRequestFilter, IRequestBodyFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter
    {
        internal static ConcurrentQueue<(string Phase, EventLoop? Loop)> Seen { get; } = new();

        public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            Note("request");
            await LeaveAsync();
            return FilterStatus.Continue;
        }

        public async ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
        {
            Note("peer");
            await LeaveAsync();
            return null;
        }

        public async ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
        {
            Note("upstream_request");
            await LeaveAsync();
        }

        public BodyUse UseRequestBody(HttpExchange exchange) => BodyUse.Observe;

        public async ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, System.Buffers.ReadOnlySequence<byte> data, bool end, System.Buffers.IBufferWriter<byte>? output)
        {
            Note("request_body");
            await LeaveAsync();
            return FilterStatus.Continue;
        }

        public async ValueTask OnResponseAsync(HttpExchange exchange)
        {
            Note("response");
            await LeaveAsync();
        }

        public BodyUse UseResponseBody(HttpExchange exchange) => BodyUse.Observe;

        public async ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, System.Buffers.ReadOnlySequence<byte> data, bool end, System.Buffers.IBufferWriter<byte>? output)
        {
            Note("response_body");
            await LeaveAsync();
            return FilterStatus.Continue;
        }

        public void OnLogging(HttpExchange exchange) => Note("logging");

        private static void Note(string phase)
        {
            Seen.Enqueue((phase, EventLoop.Current));
            Thread.Sleep(1);
        }
    }

    [Component("thrower", Blocking = true)]
    public sealed class ThrowerFilter : IRequestFilter
    {
        public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            await LeaveAsync();
            throw new InvalidOperationException("thrown off the loop");
        }
    }

    /// <summary>Stands on a loop, as a filter does that waited for its client: a new connection begins on the thread pool.</summary>
    [Component("connection_peeker")]
    public sealed class ConnectionPeeker : IConnectionFilter
    {
        internal static EventLoop? Seen { get; private set; }

        public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
        {
            await Hop.BackTo(RuntimeLoop.Next());
            Seen = EventLoop.Current;
            await next(connection);
        }
    }

    [Component("connection_blocker", Blocking = true)]
    public sealed class ConnectionBlocker : IConnectionFilter
    {
        internal static bool WasOffLoop { get; private set; }

        public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
        {
            WasOffLoop = EventLoop.Current is null;
            await LeaveAsync();
            await next(connection);
        }
    }

    [Component("connection_witness")]
    public sealed class ConnectionWitness : IConnectionFilter
    {
        internal static EventLoop? Seen { get; private set; }

        public Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
        {
            Seen = EventLoop.Current;
            return next(connection);
        }
    }
}
