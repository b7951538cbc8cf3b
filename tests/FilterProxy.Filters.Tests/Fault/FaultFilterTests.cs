using FilterProxy.Filters.Fault;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.Fault;

public sealed class FaultFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public async Task A_request_is_held_back()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        using var exchange = TestExchange.Get("/");
        var request = Filter(new() { Delay = TimeSpan.FromSeconds(2) }).OnRequestAsync(exchange).AsTask();
        clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(request.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(FilterStatus.Continue, await request);
        Assert.Equal(ResponseFlags.FaultInjected, exchange.Stats.Flags);
    }

    [Fact]
    public async Task A_client_that_goes_away_is_held_back_no_longer()
    {
        _context.Clock = new FakeTimeProvider();
        using var exchange = TestExchange.Get("/");
        var request = Filter(new() { Delay = TimeSpan.FromHours(1) }).OnRequestAsync(exchange).AsTask();
        exchange.CloseDownstream();
        Assert.Equal(FilterStatus.Continue, await request);
    }

    [Fact]
    public async Task Only_so_many_are_held_back()
    {
        var clock = new FakeTimeProvider();
        _context.Clock = clock;
        var filter = Filter(new() { Delay = TimeSpan.FromSeconds(1), MaxDelayed = 1 });
        using var first = TestExchange.Get("/");
        using var second = TestExchange.Get("/");
        using var third = TestExchange.Get("/");
        var held = filter.OnRequestAsync(first).AsTask();
        Assert.True(filter.OnRequestAsync(second).IsCompletedSuccessfully);
        clock.Advance(TimeSpan.FromSeconds(1));
        await held;
        Assert.False(filter.OnRequestAsync(third).IsCompleted);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task A_request_is_answered_with_an_error(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "abort: 503", transport);
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((503, "fault_abort"), (response.Status, response.Headers["x-filterproxy-reason"]));
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task A_connection_is_cut(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "abort: 0", transport);
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.True(await client.IsClosedByPeerAsync());
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(100, 400, 400)]
    [InlineData(50, 100, 300)]
    public async Task A_part_of_the_requests_goes_wrong(double percent, int least, int most)
    {
        var filter = Filter(new() { Abort = 500, AbortPercent = percent });
        var aborted = 0;
        for (var i = 0; i < 400; i++)
        {
            using var exchange = TestExchange.Get("/");
            aborted += await filter.OnRequestAsync(exchange) == FilterStatus.Stop ? 1 : 0;
        }

        Assert.InRange(aborted, least, most);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(100, false)]
    public void A_part_of_the_requests_is_held_back(double percent, bool completes)
    {
        _context.Clock = new FakeTimeProvider();
        using var exchange = TestExchange.Get("/");
        Assert.Equal(completes, Filter(new() { Delay = TimeSpan.FromSeconds(1), DelayPercent = percent }).OnRequestAsync(exchange).IsCompleted);
    }

    [Theory]
    [InlineData("x-fault", true)]
    [InlineData("x-other", false)]
    public async Task It_may_be_for_marked_requests_only(string header, bool aborted)
    {
        using var exchange = TestExchange.Get("/").WithHeader(header, "1");
        Assert.Equal(aborted, await Filter(new() { Abort = 500, Header = "X-Fault" }).OnRequestAsync(exchange) == FilterStatus.Stop);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{ abort: 200 }")]
    [InlineData("{ abort: 500, abort_percent: 101 }")]
    [InlineData("{ abort: 500, header: 'a b' }")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => TestProxy.StartAsync(
        1, TestTransport.Sockets, $"{{ route_filters: [ {{ fault: {options} }} ] }}", components: typeof(FaultFilter)));

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ route_filters: [ {{ fault: {{ {options} }} }} ] }}", components: typeof(FaultFilter));

    private FaultFilter Filter(FaultOptions options) => new(options, _context);
}
