using System.Diagnostics.Metrics;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Who holds an event loop is found out and named, and nobody else is.</summary>
[Collection(nameof(Alone))]
public sealed class LoopWatchTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Sleep = "GET / HTTP/1.1\r\nHost: a\r\nx-sleep: 1\r\n\r\n";
    private const string Held = "filterproxy.loop.held";

    [Theory]
    [InlineData(TestTransport.Sockets, "request")]
    [InlineData(TestTransport.Direct, "request")]
    [InlineData(TestTransport.Direct, "peer")]
    [InlineData(TestTransport.Direct, "upstream_request")]
    [InlineData(TestTransport.Direct, "response")]
    [InlineData(TestTransport.Direct, "response_body")]
    [InlineData(TestTransport.Direct, "logging")]
    [InlineData(TestTransport.H2c, "response")]
    public async Task A_filter_that_sleeps_is_named_by_metric_and_log(TestTransport transport, string phase)
    {
        SleeperFilter.Phase = phase;
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        await using var proxy = await StartAsync(upstream, transport, "before, sleeper, after");
        await using var client = await proxy.ConnectAsync();
        await WarmAsync(client);

        // Once is enough where the process gets its time; while all of it stands still, no filter is blamed.
        await Poll.UntilAsync(async () =>
        {
            await client.RoundTripAsync(Sleep);
            return proxy.LogLines.Any(l => l.Contains("held", StringComparison.Ordinal));
        });

        Assert.Equal([$"{Held} filter=sleeper"], proxy.Counts.Keys.Where(k => k.StartsWith(Held, StringComparison.Ordinal)));
        var line = Assert.Single(proxy.LogLines, l => l.Contains("held", StringComparison.Ordinal));
        Assert.Matches("^Warning: Filter 'sleeper' held event loop [0-9]+ for [1-9][0-9]{2} ms: .* Blocking = true ", line);
    }

    [Fact]
    public async Task A_filter_that_never_lets_go_is_named_while_it_holds_the_loop()
    {
        SleeperFilter.Phase = "request";
        SleeperFilter.Release.Reset();
        try
        {
            await using var upstream = TestUpstream.Start();
            await using var proxy = await StartAsync(upstream, TestTransport.Direct, "sleeper");
            await using var client = await proxy.ConnectAsync();
            await WarmAsync(client);
            await client.SendAsync(Sleep.Replace("sleep", "hold", StringComparison.Ordinal));

            await Poll.UntilAsync(() => proxy.LogLines.Any(l => l.Contains("so far", StringComparison.Ordinal)));

            Assert.Contains("Filter 'sleeper' held event loop", proxy.LogLines.Single(l => l.Contains("so far", StringComparison.Ordinal)), StringComparison.Ordinal);
            SleeperFilter.Release.Set();
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }
        finally
        {
            SleeperFilter.Release.Set();
        }
    }

    [Fact]
    public async Task The_same_filter_declared_blocking_holds_nothing()
    {
        SleeperFilter.Phase = "request";
        await using var proxy = await RunAsync(TestTransport.Direct, "before, blocking_sleeper, after");

        await AssertNothingHeldAsync(proxy);
    }

    [Fact]
    public async Task A_filter_that_awaits_holds_nothing()
    {
        await using var proxy = await RunAsync(TestTransport.Direct, "before, waiter, after");

        await AssertNothingHeldAsync(proxy);
    }

    [Fact]
    public async Task Idle_loops_answer_and_are_not_reported()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, TestTransport.Direct, "before");
        var delays = new List<double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (ReferenceEquals(instrument.Meter, proxy.Engine.Services.Limits.Meter) && instrument.Name == "filterproxy.loop.delay")
            {
                Assert.Equal("s", instrument.Unit);
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) =>
        {
            lock (delays)
            {
                delays.Add(value);
            }
        });
        listener.Start();

        await Poll.UntilAsync(() => Count() >= 10);
        Assert.All(delays.ToArray(), delay => Assert.InRange(delay, 0, 10));
        await AssertNothingHeldAsync(proxy);

        int Count()
        {
            lock (delays)
            {
                return delays.Count;
            }
        }
    }

    [Fact]
    public async Task Off_asks_no_loop()
    {
        SleeperFilter.Phase = "request";
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, TestTransport.Direct, "sleeper", "runtime: { loop_warning: off }");
        await using var client = await proxy.ConnectAsync();
        await WarmAsync(client);
        await client.RoundTripAsync(Sleep);

        await AssertNothingHeldAsync(proxy);
    }

    private static async Task<TestProxy> RunAsync(TestTransport transport, string filters)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok("hello"));
        var proxy = await StartAsync(upstream, transport, filters);
        await using var client = await proxy.ConnectAsync();
        await WarmAsync(client);
        Assert.Equal(200, (await client.RoundTripAsync(Sleep)).Status);
        return proxy;
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport, string filters, string more = "") =>
        TestProxy.StartAsync(
            $$"""
            http: { route_filters: [ {{filters}} ] }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            {{more}}
            """,
            transport,
            typeof(BeforeFilter),
            typeof(AfterFilter),
            typeof(SleeperFilter),
            typeof(BlockingSleeperFilter),
            typeof(WaiterFilter));

    // A connection begins on the thread pool, and is on a loop once it has waited for its client.
    private static async Task WarmAsync(RawClient client)
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        }
    }

    /// <summary>After a few more looks.</summary>
    private static async Task AssertNothingHeldAsync(TestProxy proxy)
    {
        var now = proxy.Engine.Services.Heartbeat.Now;
        await Poll.UntilAsync(() => proxy.Engine.Services.Heartbeat.Now > now + 500);

        Assert.DoesNotContain(proxy.Counts.Keys, k => k.StartsWith(Held, StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.LogLines, l => l.Contains("held", StringComparison.Ordinal));
    }

    [Component("before")]
    public class BeforeFilter : IRequestFilter, IResponseFilter
    {
        public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

        public ValueTask OnResponseAsync(HttpExchange exchange) => default;
    }

    [Component("after")]
    public sealed class AfterFilter : BeforeFilter;

    [Component("waiter")]
    public sealed class WaiterFilter : IRequestFilter
    {
        public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            if (exchange.Request.Headers.Contains("x-sleep"u8))
            {
                await Task.Delay(300);
            }

            return FilterStatus.Continue;
        }
    }

    [Component("blocking_sleeper", Blocking = true)]
    public sealed class BlockingSleeperFilter : SleeperFilter;

    [Component("sleeper")]
    public class SleeperFilter : IRequestFilter, IUpstreamPeerFilter, IUpstreamRequestFilter, IResponseFilter, IResponseBodyFilter, ILoggingFilter
    {
        internal static string Phase { get; set; } = "";

        internal static ManualResetEventSlim Release { get; } = new(true);

        public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            Sleep(exchange, "request");
            return new(FilterStatus.Continue);
        }

        public ValueTask<UpstreamPeer?> SelectPeerAsync(HttpExchange exchange)
        {
            Sleep(exchange, "peer");
            return default;
        }

        public ValueTask OnUpstreamRequestAsync(HttpExchange exchange, RequestHead attempt)
        {
            Sleep(exchange, "upstream_request");
            return default;
        }

        public ValueTask OnResponseAsync(HttpExchange exchange)
        {
            Sleep(exchange, "response");
            return default;
        }

        public BodyUse UseResponseBody(HttpExchange exchange) => BodyUse.Observe;

        public ValueTask<FilterStatus> OnResponseBodyAsync(HttpExchange exchange, System.Buffers.ReadOnlySequence<byte> data, bool end, System.Buffers.IBufferWriter<byte>? output)
        {
            Sleep(exchange, "response_body");
            return new(FilterStatus.Continue);
        }

        public void OnLogging(HttpExchange exchange) => Sleep(exchange, "logging");

        private static void Sleep(HttpExchange exchange, string phase)
        {
            if (phase == Phase && exchange.Request.Headers.Contains("x-sleep"u8))
            {
                Thread.Sleep(300);
            }
            else if (phase == Phase && exchange.Request.Headers.Contains("x-hold"u8))
            {
                Release.Wait();
            }
        }
    }
}
