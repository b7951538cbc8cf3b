using FilterProxy.Filters.HostAccess;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.HostAccess;

public sealed class HostAccessFilterTests
{
    [Theory]
    [InlineData("example.com", true)]
    [InlineData("EXAMPLE.com:8080", true)]
    [InlineData("example.com.", true)]
    [InlineData("a.example.com", true)]
    [InlineData("a.b.example.com", true)]
    [InlineData("secret.example.com", false)]
    [InlineData("Secret.Example.Com.:443", false)]
    [InlineData("old-7.example.com", false)]
    [InlineData("notexample.com", false)]
    [InlineData("example.com.evil.test", false)]
    [InlineData("pr-1.example.org", true)]
    [InlineData("xpr-1.example.org", false)]
    [InlineData("[::1]:80", true)]
    [InlineData("[::2]", false)]
    [InlineData("", false)]
    public async Task Only_hosts_that_may_be_asked_for_pass(string host, bool passes)
    {
        using var exchange = TestExchange.Get("/").WithHost(host);
        var run = await exchange.RunAsync(new HostAccessFilter(new()
        {
            Allow = ["example.com", "*.example.com", "[::1]"],
            Deny = ["secret.example.com"],
            AllowRegex = [@"pr-\d+\.example\.org"],
            DenyRegex = [@"old-\d+\..*"],
        }));
        Assert.Equal(passes ? (200, "via_upstream") : (421, "host_denied"), (exchange.Status, exchange.Reason));
        Assert.Equal(passes, run.Upstream is not null);
    }

    [Fact]
    public async Task With_only_a_deny_list_every_other_host_passes()
    {
        var filter = new HostAccessFilter(new() { Deny = ["a.test"], Status = 404 });
        using var other = TestExchange.Get("/").WithHost("b.test");
        Assert.Equal(FilterStatus.Continue, await filter.OnRequestAsync(other));
        using var denied = TestExchange.Get("/").WithHost("a.test");
        Assert.Equal(FilterStatus.Stop, await filter.OnRequestAsync(denied));
        Assert.Equal(404, denied.Status);
    }

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "allow: [a.test]", transport);
        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a.test:1\r\n\r\n")).Status);
        Assert.Equal(421, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n")).Status);
        Assert.Equal(421, (await proxy.SendAsync("GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("allow: ['*']")]
    [InlineData("allow: ['a.*.test']")]
    [InlineData("allow: [A.test]")]
    [InlineData("allow: ['a.test:80']")]
    [InlineData("deny_regex: ['(']")]
    [InlineData("status: 403")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets));

    [Fact]
    public void Allocates_nothing()
    {
        using var exchange = TestExchange.Get("/").WithHost("A.Example.com:8080");
        var filter = new HostAccessFilter(new() { Allow = ["example.com", "*.example.com"], DenyRegex = [@"old-\d+\..*"] });
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
    }

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ filters: [ {{ host_access: {{ {options} }} }} ] }}", components: typeof(HostAccessFilter));
}
