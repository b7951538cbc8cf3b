using System.Net;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.UserAgentAccess;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.UserAgentAccess;

public sealed class UserAgentAccessFilterTests : IDisposable
{
    private static readonly CrawlerOptions Google = new() { Name = "google", Agents = ["Googlebot", "GoogleOther"], Networks = [IPNetwork.Parse("66.249.64.0/19")] };
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("Mozilla/5.0", true)]
    [InlineData("Mozilla/5.0 (compatible; gptBOT/1.0)", false)]
    [InlineData("python-requests/1.2", false)]
    [InlineData("python-requests/2.2", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    public async Task What_is_denied_is_refused(string? agent, bool passes) =>
        Assert.Equal(passes, await PassesAsync(new() { Deny = ["GPTBot", "sqlmap"], DenyRegex = [@"python-requests/[01]\."] }, agent));

    [Theory]
    [InlineData("MyApp/1.0", true)]
    [InlineData("curl/8.1", true)]
    [InlineData("xcurl/8.1", false)]
    [InlineData("MyApp/1.0 sqlmap", false)]
    [InlineData("Mozilla/5.0", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task With_an_allow_list_only_those_in_it_pass(string? agent, bool passes) =>
        Assert.Equal(passes, await PassesAsync(new() { Allow = ["myapp/"], AllowRegex = ["^curl/"], Deny = ["sqlmap"] }, agent));

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_name_may_be_required(bool required, bool passes) =>
        Assert.Equal(passes, await PassesAsync(new() { Deny = ["x"], Required = required }, null));

    [Fact]
    public async Task No_line_of_several_gets_past()
    {
        using var exchange = TestExchange.Get("/").WithHeader("user-agent", "good").WithHeader("user-agent", "sqlmap");
        Assert.Equal(FilterStatus.Stop, await Filter(new() { Deny = ["sqlmap"] }).OnRequestAsync(exchange));
    }

    [Fact]
    public async Task A_long_name_is_searched_to_its_end() =>
        Assert.False(await PassesAsync(new() { Deny = ["sqlmap"] }, new string('x', 5000) + "sqlmap"));

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Works_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream.Port, "deny: [bot], status: 429", transport);
        Assert.Equal(429, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a Bot\r\n\r\n")).Status);
        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: me\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("Mozilla/5.0 (compatible; googlebot/2.1)", "66.249.66.1", null, "google")]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1)", "66.249.96.1", "crawler_unverified", null)]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1)", "2001:db8::1", "crawler_unverified", null)]
    [InlineData("Mozilla/5.0", "66.249.66.1", null, null)]
    [InlineData("OtherBot/1.0", "66.249.66.1", "user_agent_denied", null)]
    [InlineData("bingbot/2.0", "192.0.2.7", null, "bing")]
    [InlineData("bingbot/2.0", "192.0.2.8", "crawler_unverified", null)]
    public async Task Who_has_a_crawlers_name_must_come_from_its_networks_and_then_passes_whatever_is_denied(string agent, string address, string? refusal, string? name)
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("bing.txt", "# published\n192.0.2.7\n");
        var filter = Filter(new() { Deny = ["bot"], Crawlers = [Google, new() { Name = "bing", Agents = ["bingbot"], Files = ["bing.txt"] }] });
        using var exchange = TestExchange.Get("/").From(address).WithHeader("user-agent", agent);

        Assert.Equal(refusal is null ? FilterStatus.Continue : FilterStatus.Stop, await filter.OnRequestAsync(exchange));
        Assert.Equal((refusal ?? "", name), (exchange.Reason, exchange.Metadata["crawler", "name"]));
    }

    [Fact]
    public async Task A_crawlers_name_in_a_second_line_is_a_claim_as_well()
    {
        using var exchange = TestExchange.Get("/").From("192.0.2.1").WithHeader("user-agent", "Mozilla/5.0").WithHeader("user-agent", "Googlebot");
        Assert.Equal(FilterStatus.Stop, await Filter(new() { Crawlers = [Google] }).OnRequestAsync(exchange));
    }

    [Theory]
    [InlineData("crawlers: [ { agents: [a], networks: [10.0.0.0/8] } ]")]
    [InlineData("crawlers: [ { name: a, networks: [10.0.0.0/8] } ]")]
    [InlineData("crawlers: [ { name: a, agents: [a] } ]")]
    [InlineData("crawlers: [ { name: a, agents: [a], networks: [10.0.0.1/8] } ]")]
    [InlineData("crawlers: [ { name: a, agents: [a], files: [nowhere.txt] } ]")]
    [InlineData("deny: ['']")]
    [InlineData("deny_regex: ['(?=a)']")]
    [InlineData("status: 200, deny: [a]")]
    [InlineData("required: false")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options, TestTransport.Sockets));

    [Fact]
    public void Allocates_nothing()
    {
        using var exchange = TestExchange.Get("/").WithHeader("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        var filter = Filter(new() { Deny = ["bot", "crawler"], DenyRegex = ["^curl/"] });
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
    }

    private async Task<bool> PassesAsync(UserAgentAccessOptions options, string? agent)
    {
        using var exchange = TestExchange.Get("/");
        if (agent is not null)
        {
            exchange.WithHeader("user-agent", agent);
        }

        var passes = (await exchange.RunAsync(Filter(options))).Upstream is not null;
        Assert.Equal(passes ? "via_upstream" : "user_agent_denied", exchange.Reason);
        return passes;
    }

    private UserAgentAccessFilter Filter(UserAgentAccessOptions options) => new(options, _context);

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport) =>
        TestProxy.StartAsync(port, transport, $"{{ filters: [ {{ user_agent_access: {{ {options} }} }} ] }}", components: typeof(UserAgentAccessFilter));
}
