using FilterProxy.Filters.IpAccess;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.IpAccess;

public sealed class IpTagsFilterTests : IDisposable
{
    private const string Countries = "# network country\n192.0.2.0/24 NL\n192.0.2.128/25\tBE\n2001:db8::/32,DE # whole\n10.0.0.0/8 KP\n";
    private readonly TestComponentContext _context = new();
    private readonly ScratchFolder _folder = new();

    public IpTagsFilterTests()
    {
        _context.Directory = _folder.Path;
        _folder.Write("countries.txt", Countries);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _context.Dispose();
    }

    [Theory]
    [InlineData("192.0.2.1", "NL")]
    [InlineData("192.0.2.200", "BE")]
    [InlineData("2001:db8::7", "DE")]
    [InlineData("::ffff:10.1.1.1", "KP")]
    [InlineData("203.0.113.1", null)]
    public async Task The_most_specific_network_tells_the_tag_to_others_and_the_upstream(string address, string? tag)
    {
        using var exchange = TestExchange.Get("/").From(address).WithHeader("x-country", "forged");

        Assert.Equal(FilterStatus.Continue, await Filter(new() { Name = "country", Header = "X-Country" }).OnRequestAsync(exchange));

        Assert.Equal((tag, tag), (exchange.Metadata["ip", "country"], exchange.Request.Headers["x-country"]));
    }

    [Theory]
    [InlineData("192.0.2.1", true)]
    [InlineData("192.0.2.200", false)]
    [InlineData("2001:db8::7", false)]
    [InlineData("203.0.113.1", false)]
    public async Task With_allowed_tags_only_those_pass_and_denied_ones_go_before(string address, bool passes) =>
        Assert.Equal(passes, await PassesAsync(new() { Allow = ["NL", "BE"], Deny = ["BE"] }, address));

    [Theory]
    [InlineData("10.0.0.1", false)]
    [InlineData("192.0.2.1", true)]
    [InlineData("203.0.113.1", true)]
    public async Task With_denied_tags_alone_all_others_pass(string address, bool passes) => Assert.Equal(passes, await PassesAsync(new() { Deny = ["KP"] }, address));

    [Fact]
    public async Task An_address_in_no_network_may_have_a_tag_that_is_judged_as_any()
    {
        Assert.False(await PassesAsync(new() { Otherwise = "other", Deny = ["other"] }, "203.0.113.1"));
        Assert.True(await PassesAsync(new() { Otherwise = "other", Allow = ["other"] }, "203.0.113.1"));
    }

    [Theory]
    [InlineData("192.0.2.0/24")]
    [InlineData("192.0.2.0/24 N L")]
    [InlineData("192.0.2.1/24 NL")]
    [InlineData("NL 192.0.2.0/24")]
    [InlineData("192.0.2.0/24 Ü")]
    public void A_line_that_is_no_network_and_tag_is_an_error_with_its_place(string line)
    {
        _folder.Write("countries.txt", "10.0.0.0/8 A\n" + line);
        Assert.Contains("countries.txt:2:", Assert.Throws<ArgumentException>(() => Filter(new())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tag_no_network_has_is_an_error() =>
        Assert.Contains("'nl'", Assert.Throws<ArgumentException>(() => Filter(new() { Deny = ["nl"] })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}")]
    [InlineData("{ files: [countries.txt], status: 200 }")]
    [InlineData("{ files: [countries.txt], header: 'a b' }")]
    [InlineData("{ files: [countries.txt], name: 'a:b' }")]
    [InlineData("{ files: [countries.txt], otherwise: 'a b' }")]
    [InlineData("{ files: [nowhere.txt] }")]
    public async Task A_wrong_option_is_refused(string options) => await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(1, options));

    [Theory]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.H2c)]
    public async Task Refuses_over_every_protocol_and_a_file_that_changed_holds_from_the_next_configuration_on(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        var file = _folder.Write("list.txt", "127.0.0.0/8 here\n");
        var options = $"{{ files: [\"{file}\"], deny: [here], otherwise: away, status: 451 }}";
        await using var proxy = await StartAsync(upstream.Port, options, transport);
        var refused = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal((451, "ip_tag_denied"), (refused.Status, refused.Headers["x-filterproxy-reason"]));

        _folder.Write("list.txt", "10.0.0.0/8 here\n127.0.0.0/8 away\n");
        Assert.Equal("", await proxy.ReloadAsync(Configuration(upstream.Port, options)));

        Assert.Equal(200, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Other_filters_may_use_the_tag()
    {
        var template = Template.Parse("%DYNAMIC_METADATA(ip:country)%");
        using var exchange = TestExchange.Get("/").From("192.0.2.1");
        await Filter(new() { Name = "country" }).OnRequestAsync(exchange);
        Assert.Equal("NL", template.Format(exchange));
    }

    private async Task<bool> PassesAsync(IpTagsOptions options, string address)
    {
        using var exchange = TestExchange.Get("/").From(address);
        return await Filter(options).OnRequestAsync(exchange) == FilterStatus.Continue;
    }

    private IpTagsFilter Filter(IpTagsOptions options) => new(options with { Files = ["countries.txt"] }, _context);

    private static Task<TestProxy> StartAsync(int port, string options, TestTransport transport = TestTransport.Sockets) =>
        TestProxy.StartAsync(Configuration(port, options), transport, typeof(IpTagsFilter));

    private static string Configuration(int port, string options) => $$"""
        http: { filters: [ { ip_tags: {{options}} } ] }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"] } }
        """;
}
