extern alias BandwidthLimitPlugin;

using System.Buffers;
using System.Diagnostics;
using BandwidthLimitPlugin::FilterProxy.Filters.BandwidthLimit;
using FilterProxy.TestKit;
using Xunit;
using MissingKey = BandwidthLimitPlugin::FilterProxy.Filters.Keys.MissingKey;

namespace FilterProxy.Filters.Tests.BandwidthLimit;

/// <summary>Bodies that are slowed down.</summary>
public sealed class BandwidthLimitTests
{
    private static readonly string Body = new('x', 100_000);

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_response_takes_as_long_as_its_bandwidth_says(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Ok(Body));
        await using var proxy = await StartAsync(upstream, "{ response: 200KiB, burst: 60KiB }", transport);
        var started = Stopwatch.GetTimestamp();
        var answer = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        // 100000 bytes less the burst of 61440, at 204800 a second: 188 ms. The clock of a wait is a little coarse.
        Assert.Equal(Body, answer.Text);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(160));
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_request_takes_as_long_as_its_bandwidth_says(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start(request => UpstreamResponse.Ok($"{request.Body.Length}"));
        await using var proxy = await StartAsync(upstream, "{ request: 200KiB, burst: 60KiB }", transport);
        var started = Stopwatch.GetTimestamp();
        var answer = await proxy.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");

        Assert.Equal("100000", answer.Text);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(160));
    }

    [Fact]
    public async Task All_that_share_a_key_share_its_bandwidth()
    {
        var time = new FakeTimeProvider();
        using var context = new TestComponentContext { Clock = time };
        var filter = new BandwidthLimitFilter(new BandwidthLimitOptions { Response = new ByteSize(10_000), Burst = new ByteSize(10_000), Key = Template.Parse("%REQ(x-key)%") }, context);
        using var one = Begin(filter, "a");
        using var two = Begin(filter, "a");
        using var other = Begin(filter, "b");

        Assert.True(Send(filter, one, 10_000).IsCompleted);
        var second = Send(filter, two, 5_000);
        Assert.True(Send(filter, other, 10_000).IsCompleted);
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(second.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal(FilterStatus.Continue, await second);
    }

    [Fact]
    public void Coming_back_earns_no_new_burst()
    {
        var time = new FakeTimeProvider();
        using var context = new TestComponentContext { Clock = time };
        var filter = new BandwidthLimitFilter(new BandwidthLimitOptions { Response = new ByteSize(10_000), Burst = new ByteSize(10_000), Key = Template.Parse("%REQ(x-key)%") }, context);
        using var one = Begin(filter, "a");
        Assert.True(Send(filter, one, 10_000).IsCompleted);
        filter.OnLogging(one);

        using var again = Begin(filter, "a");
        Assert.False(Send(filter, again, 1000).IsCompleted);
    }

    [Theory]
    [InlineData(MissingKey.Address, true)]
    [InlineData(MissingKey.Shared, false)]
    [InlineData(MissingKey.Skip, true)]
    public void Who_has_no_key_is_slowed_as_the_options_say(MissingKey missing, bool isFree)
    {
        using var context = new TestComponentContext { Clock = new FakeTimeProvider() };
        var filter = new BandwidthLimitFilter(
            new BandwidthLimitOptions { Response = new ByteSize(10_000), Burst = new ByteSize(10_000), Key = Template.Parse("%REQ(x-key)%"), Missing = missing }, context);
        using var one = TestExchange.Get("/").From("192.0.2.1");
        using var two = TestExchange.Get("/").From("192.0.2.2");
        _ = filter.OnRequestAsync(one).IsCompleted;
        _ = filter.OnRequestAsync(two).IsCompleted;

        Assert.True(Send(filter, one, 10_000).IsCompleted);
        Assert.Equal(isFree, Send(filter, two, 10_000).IsCompleted);
    }

    [Fact]
    public async Task A_client_that_leaves_is_not_waited_for()
    {
        using var context = new TestComponentContext { Clock = new FakeTimeProvider() };
        var filter = new BandwidthLimitFilter(new BandwidthLimitOptions { Request = new ByteSize(1024), Burst = new ByteSize(1024) }, context);
        using var exchange = Begin(filter, "a");
        Assert.Equal((BodyUse.Observe, BodyUse.None), (filter.UseRequestBody(exchange), filter.UseResponseBody(exchange)));
        var waiting = filter.OnRequestBodyAsync(exchange, new ReadOnlySequence<byte>(new byte[1 << 20]), false, null).AsTask();
        Assert.False(waiting.IsCompleted);

        exchange.CloseDownstream();

        Assert.Equal(FilterStatus.Continue, await waiting);
    }

    [Fact]
    public void The_largest_numbers_overflow_nothing()
    {
        var bucket = default(ByteBucket);
        foreach (var now in (long[])[0, long.MaxValue - 1, 0, long.MaxValue - 1])
        {
            Assert.True(bucket.Take(long.MaxValue, 1, 1, now) > 0);
            Assert.True(bucket.Take(1, 1L << 40, 1L << 40, now) >= 0);
        }
    }

    [Theory]
    [InlineData("{}", "response or request must say how much")]
    [InlineData("{ response: 10 }", "must be between 1KiB and 1TiB")]
    [InlineData("{ request: 1KiB, burst: 1 }", "must be between 1KiB and 1TiB")]
    public async Task Wrong_options_are_refused_with_what_is_wrong(string options, string problem)
    {
        await using var upstream = TestUpstream.Start();
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, options, TestTransport.Direct));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static TestExchange Begin(BandwidthLimitFilter filter, string key)
    {
        var exchange = TestExchange.Get("/").WithHeader("x-key", key);
        _ = filter.OnRequestAsync(exchange).IsCompleted;
        return exchange;
    }

    private static Task<FilterStatus> Send(BandwidthLimitFilter filter, TestExchange exchange, int bytes) =>
        filter.OnResponseBodyAsync(exchange, new ReadOnlySequence<byte>(new byte[bytes]), false, null).AsTask();

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport) => TestProxy.StartAsync(
        upstream.Port, transport, $"{{ route_filters: [ {{ bandwidth_limit: {options} }} ] }}", components: typeof(BandwidthLimitFilter));
}
