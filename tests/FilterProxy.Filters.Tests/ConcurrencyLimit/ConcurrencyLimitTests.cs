extern alias ConcurrencyLimitPlugin;

using System.Text.Json;
using ConcurrencyLimitPlugin::FilterProxy.Core.Clusters.Guarding;
using ConcurrencyLimitPlugin::FilterProxy.Filters.ConcurrencyLimit;
using FilterProxy.TestKit;
using Xunit;
using MissingKey = ConcurrencyLimitPlugin::FilterProxy.Filters.Keys.MissingKey;

namespace FilterProxy.Filters.Tests.ConcurrencyLimit;

/// <summary>Requests at a time.</summary>
public sealed class ConcurrencyLimitTests
{
    private const string Request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task What_is_over_the_limit_is_refused_until_another_request_has_ended(TestTransport transport)
    {
        var gate = new TaskCompletionSource();
        await using var upstream = TestUpstream.Start(async _ =>
        {
            await gate.Task;
            return UpstreamResponse.Ok("x");
        });
        await using var proxy = await StartAsync(upstream, "{ max: 2 }", transport);
        var first = proxy.SendAsync(Request);
        var second = proxy.SendAsync(Request);
        await upstream.WaitForRequestsAsync(2);

        var third = await proxy.SendAsync(Request);
        gate.SetResult();

        Assert.Equal((429, "1", "Too many requests at a time (concurrency_limited)\n"), (third.Status, third.Headers["retry-after"], third.Text));
        Assert.Equal((200, 200), ((await first).Status, (await second).Status));
        await Poll.UntilAsync(async () => (await proxy.SendAsync(Request)).Status == 200);
        Assert.True(proxy.Counts["filterproxy.concurrency_limit.refused limit=key result=limited"] >= 1);
    }

    [Fact]
    public async Task Keys_are_counted_apart_and_gone_with_their_last_request()
    {
        using var rig = new Rig(new ConcurrencyLimitOptions { Max = 1, Key = Template.Parse("%REQ(x-key)%"), WithAddress = true, Status = 503 });
        using var one = TestExchange.Get("/").WithHeader("x-key", "a");
        using var two = TestExchange.Get("/").WithHeader("x-key", "a");
        using var other = TestExchange.Get("/").WithHeader("x-key", "b");
        using var elsewhere = TestExchange.Get("/").WithHeader("x-key", "a").From("192.0.2.77");

        Assert.Equal([0, 503, 0, 0], await rig.RunAsync(one, two, other, elsewhere));
        Assert.Equal(3, rig.View().GetProperty("keys").GetInt32());
        rig.End(one, two, other, elsewhere);
        Assert.Equal(0, rig.View().GetProperty("keys").GetInt32());
    }

    [Theory]
    [InlineData(MissingKey.Address, 0)]
    [InlineData(MissingKey.Shared, 429)]
    [InlineData(MissingKey.Skip, 0)]
    public async Task Who_has_no_key_is_counted_as_the_options_say(MissingKey missing, int second)
    {
        using var rig = new Rig(new ConcurrencyLimitOptions { Max = 1, Key = Template.Parse("%REQ(x-key)%"), Missing = missing, Ipv4Prefix = 32, Ipv6Prefix = 64 });
        using var one = TestExchange.Get("/").From("192.0.2.1");
        using var two = TestExchange.Get("/").From("192.0.2.2");

        Assert.Equal([0, second], await rig.RunAsync(one, two));
    }

    [Fact]
    public async Task A_dry_run_counts_and_lets_through()
    {
        using var rig = new Rig(new ConcurrencyLimitOptions { Max = 1, DryRun = true, Adaptive = new AdaptiveOptions { Min = 1, Max = 1 } });
        using var one = TestExchange.Get("/");
        using var two = TestExchange.Get("/");

        Assert.Equal([0, 0], await rig.RunAsync(one, two));
        Assert.Equal(2, rig.Context.Sum("filterproxy.concurrency_limit.refused"));
        rig.End(one, two);
        Assert.Equal((0, 0), (rig.View().GetProperty("keys").GetInt32(), rig.View().GetProperty("active").GetInt32()));
    }

    [Fact]
    public async Task Of_all_together_no_more_pass_than_the_adaptive_limit_says()
    {
        using var rig = new Rig(new ConcurrencyLimitOptions { Adaptive = new AdaptiveOptions { Min = 2, Max = 2 } });
        var exchanges = Enumerable.Range(0, 4).Select(_ => TestExchange.Get("/")).ToArray();

        Assert.Equal([0, 0, 503, 503], await rig.RunAsync(exchanges));
        Assert.Equal((2, 2), (rig.View().GetProperty("active").GetInt32(), rig.View().GetProperty("adaptive_limit").GetInt32()));
        rig.End(exchanges);
        Assert.Equal(0, rig.View().GetProperty("active").GetInt32());
        Array.ForEach(exchanges, exchange => exchange.Dispose());
    }

    [Fact]
    public void The_adaptive_limit_shrinks_when_answers_take_longer_and_grows_again()
    {
        var gradient = new LatencyGradient(5, 1000, 1.5);
        long now = 0;
        Run(20, 10);
        var grown = gradient.Limit;
        Run(20, 100);
        var shrunk = gradient.Limit;
        Run(150, 10);

        Assert.InRange(grown, 110, 1000);
        Assert.InRange(shrunk, 5, grown / 2);
        Assert.InRange(gradient.Limit, grown, 1000);

        void Run(int windows, int milliseconds)
        {
            for (var i = 0; i < windows; i++)
            {
                for (var k = 0; k < 20; k++)
                {
                    gradient.Observe(TimeSpan.FromMilliseconds(milliseconds).Ticks, gradient.Limit);
                }

                gradient.TryUpdate(now += 500);
            }
        }
    }

    [Fact]
    public void A_request_of_a_known_key_allocates_nothing()
    {
        using var rig = new Rig(new ConcurrencyLimitOptions { Max = 10, Adaptive = new AdaptiveOptions() });
        using var stays = TestExchange.Get("/");
        using var exchange = TestExchange.Get("/");
        _ = rig.Filter.OnRequestAsync(stays).IsCompleted;

        Assert.Equal(0, Allocations.Of(() =>
        {
            _ = rig.Filter.OnRequestAsync(exchange).IsCompleted;
            rig.Filter.OnLogging(exchange);
        }));
    }

    [Theory]
    [InlineData("{}", "max or adaptive must say how many")]
    [InlineData("{ max: 0 }", "must be between 1 and 1000000")]
    [InlineData("{ adaptive: { min: 5, max: 4 } }", "min is more than max")]
    [InlineData("{ adaptive: { tolerance: 0.5 } }", "must be between 1 and 100")]
    [InlineData("{ max: 1, status: 200 }", "must be between 400 and 599")]
    [InlineData("{ max: 1, ipv4_prefix: 1 }", "must be between 8 and 32")]
    public async Task Wrong_options_are_refused_with_what_is_wrong(string options, string problem)
    {
        await using var upstream = TestUpstream.Start();
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options, TestTransport.Direct));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport) => TestProxy.StartAsync(
        upstream.Port, transport, $"{{ route_filters: [ {{ concurrency_limit: {options} }} ] }}", components: typeof(ConcurrencyLimitFilter));

    private sealed class Rig : IDisposable
    {
        public Rig(ConcurrencyLimitOptions options)
        {
            Filter = new ConcurrencyLimitFilter(options, Context);
            _ = Filter.StartAsync(default).IsCompleted;
        }

        public TestComponentContext Context { get; } = new();

        public ConcurrencyLimitFilter Filter { get; }

        public async Task<IEnumerable<int>> RunAsync(params TestExchange[] exchanges)
        {
            var statuses = new List<int>();
            foreach (var exchange in exchanges)
            {
                statuses.Add(await Filter.OnRequestAsync(exchange) == FilterStatus.Stop ? exchange.Status : 0);
            }

            return statuses;
        }

        public void End(params TestExchange[] exchanges) => Array.ForEach(exchanges, Filter.OnLogging);

        public JsonElement View()
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                Filter.WriteView(writer);
            }

            return JsonDocument.Parse(stream.ToArray()).RootElement;
        }

        public void Dispose() => Context.Dispose();
    }
}
