using FilterProxy.Filters.HelloFilter;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.HelloFilter;

public class HelloFilterTests
{
    [Fact]
    public async Task Greets_in_the_response()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(new Filters.HelloFilter.HelloFilter(new HelloOptions { Greeting = "from the edge" }));
        Assert.Equal("from the edge", exchange.Response.Headers["x-hello"]);
    }

    [Fact]
    public async Task Greets_the_world_unless_told_otherwise()
    {
        using var exchange = TestExchange.Get("/");
        await exchange.RunAsync(new Filters.HelloFilter.HelloFilter(new HelloOptions()));
        Assert.Equal("world", exchange.Response.Headers["x-hello"]);
    }
}
