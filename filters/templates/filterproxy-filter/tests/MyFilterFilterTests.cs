using FilterProxy.Filters.MyFilter;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.MyFilter.Tests;

public sealed class MyFilterFilterTests
{
    [Fact]
    public async Task Adds_the_header_in_both_directions()
    {
        using var exchange = TestExchange.Get("/");

        var run = await exchange.RunAsync(new MyFilterFilter(new MyFilterOptions { Value = "yes" }));

        Assert.Equal("yes", run.Upstream!.Headers["x-my-filter"]);
        Assert.Equal("yes", exchange.Response.Headers["x-my-filter"]);
    }

    [Fact]
    public async Task Works_in_a_whole_proxy()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, http: "{ route_filters: [ { my_filter: { value: there } } ] }", components: typeof(MyFilterFilter));

        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("there", response.Headers["x-my-filter"]);
    }
}
