using System.Text;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace FilterProxy.ScenarioTests;

/// <summary>The promise of zero managed bytes per warm request, over real sockets with keep-alive on both sides.</summary>
[Collection(nameof(Alone))]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int WarmUp = 3_000;
    private const int Requests = 2_000;

    /// <summary>Timers of the process tick meanwhile: the heartbeat, the date of the second, the thread pool's own.</summary>
    private const long Background = 1_500;

    private static readonly byte[] Get = "GET /a/b?c=d HTTP/1.1\r\nHost: example.com\r\nUser-Agent: quiet\r\nAccept: */*\r\n\r\n"u8.ToArray();

    private static readonly byte[] Post = Encoding.ASCII.GetBytes(
        "POST /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 100\r\n\r\n" + new string('x', 96) + "!end");

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public Task A_warm_GET_allocates_nothing(TestTransport transport) =>
        AssertNothingAsync(transport, Get, "\r\n\r\n"u8.ToArray(), "{}");

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public Task A_warm_GET_through_filters_that_do_nothing_allocates_nothing(TestTransport transport) =>
        AssertNothingAsync(transport, Get, "\r\n\r\n"u8.ToArray(), "{ filters: [no_op], route_filters: [no_op] }");

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public Task A_warm_POST_with_a_body_allocates_nothing(TestTransport transport) =>
        AssertNothingAsync(transport, Post, "!end"u8.ToArray(), "{}");

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task A_warm_cache_hit_allocates_nothing(TestTransport transport)
    {
        using var upstream = new QuietUpstream("\r\n\r\n"u8.ToArray());
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            plugin_path: {{Path.Combine(Path.GetDirectoryName(Repository.ProxyExecutable)!, "plugins")}}
            plugins: [Cache]
            routes: [ { name: all, cluster: origin, filters: [ { cache: { default_freshness: 1d } } ] } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            transport);
        using (var client = new QuietClient(proxy.Port, Get))
        {
            client.Run(10);
        }

        Assert.Equal((1, 9), (proxy.Counts["filterproxy.cache.requests result=miss"], proxy.Counts["filterproxy.cache.requests result=hit"]));
        proxy.StopCounting();
        await AssertNothingAsync(proxy, Get);
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public async Task A_warm_request_over_a_limit_allocates_nothing(TestTransport transport)
    {
        using var upstream = new QuietUpstream("\r\n\r\n"u8.ToArray());
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            plugin_path: {{Path.Combine(Path.GetDirectoryName(Repository.ProxyExecutable)!, "plugins")}}
            plugins: [RateLimit]
            http: { filters: [ { rate_limit: { limits: [ { rate: 1, per: 1d } ] } } ] }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """,
            transport);
        using (var client = new QuietClient(proxy.Port, Get))
        {
            client.Run(1);
        }

        proxy.StopCounting();
        await AssertNothingAsync(proxy, Get, "(rate_limited)\n"u8.ToArray());
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    public Task A_warm_GET_that_takes_a_place_among_the_exchanges_allocates_nothing(TestTransport transport) =>
        AssertNothingAsync(transport, Get, "\r\n\r\n"u8.ToArray(), "{}\noverload: { max_exchanges: 100 }");

    /// <summary>What Kestrel's engine and a response of strings cost: it may become less, not more.</summary>
    [Fact]
    public async Task A_warm_GET_over_HTTP2_allocates_no_more_than_it_did()
    {
        const int Most = 800;
        using var upstream = new QuietUpstream("\r\n\r\n"u8.ToArray());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        using var client = new QuietH2Client(proxy.Port, ("user-agent", "quiet"), ("accept", "*/*"));
        var best = long.MaxValue;
        void Measure()
        {
            client.Run(WarmUp);
            for (var round = 0; round < 12 && best > Most * Requests / 2; round++)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                client.Run(Requests);
                best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
            }
        }

        await Task.Factory.StartNew(Measure, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        output.WriteLine($"{(double)best / Requests:0.0} bytes per request");
        Assert.InRange((double)best / Requests, 0, Most);
    }

    private async Task AssertNothingAsync(TestTransport transport, byte[] request, byte[] requestEnd, string http)
    {
        using var upstream = new QuietUpstream(requestEnd);
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport, http: http, components: typeof(NoOpFilter));
        await AssertNothingAsync(proxy, request);
    }

    private async Task AssertNothingAsync(TestProxy proxy, byte[] request, byte[]? responseEnd = null)
    {
        var best = long.MaxValue;
        using var client = new QuietClient(proxy.Port, request, responseEnd: responseEnd);
        void Measure()
        {
            client.Run(WarmUp);

            // Tiered compilation settles on its own time: the best of several rounds is what a warm request costs.
            for (var round = 0; round < 12 && best > Background; round++)
            {
                var before = GC.GetTotalAllocatedBytes(precise: true);
                client.Run(Requests);
                best = Math.Min(best, GC.GetTotalAllocatedBytes(precise: true) - before);
            }
        }

        await Task.Factory.StartNew(Measure, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        output.WriteLine($"{best} bytes in {Requests} requests: {(double)best / Requests:0.000} per request");
        Assert.InRange(best, 0, Background);
    }
}
