using System.Net;
using FilterProxy.Filters.IpAccess;
using FilterProxy.Filters.Networks;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.IpAccess;

public sealed class IpAccessFilterTests : IDisposable
{
    private readonly TestComponentContext _context = new();

    public void Dispose() => _context.Dispose();

    [Theory]
    [InlineData("10.9.9.9", true)]
    [InlineData("10.1.9.9", false)]
    [InlineData("10.1.2.3", true)]
    [InlineData("10.1.2.4", false)]
    [InlineData("10.255.255.255", true)]
    [InlineData("11.0.0.0", false)]
    [InlineData("9.255.255.255", false)]
    [InlineData("::ffff:10.9.9.9", true)]
    [InlineData("::ffff:10.1.9.9", false)]
    [InlineData("2001:db8::1", true)]
    [InlineData("2001:db9::1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false)]
    public async Task The_most_specific_network_decides(string address, bool passes) => Assert.Equal(
        passes, await PassesAsync(new() { Allow = Networks("10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32"), Deny = Networks("10.1.0.0/16") }, address));

    [Theory]
    [InlineData("192.0.2.1", false)]
    [InlineData("192.0.2.2", true)]
    [InlineData("2001:db8::1", true)]
    public async Task With_only_a_deny_list_everybody_else_passes(string address, bool passes) =>
        Assert.Equal(passes, await PassesAsync(new() { Deny = Networks("192.0.2.1/32") }, address));

    [Fact]
    public async Task Of_equal_networks_the_denying_one_holds() =>
        Assert.False(await PassesAsync(new() { Allow = Networks("10.0.0.0/8"), Deny = Networks("10.0.0.0/8") }, "10.0.0.1"));

    [Fact]
    public async Task The_address_is_the_one_a_trusted_proxy_told()
    {
        using var exchange = TestExchange.Get("/").From("10.0.0.1").ForwardedFor("203.0.113.9");
        var run = await exchange.RunAsync(Filter(new() { Allow = Networks("10.0.0.0/8") }));
        Assert.Equal((FilterStatus.Stop, 403, "ip_denied"), (run.Status, exchange.Status, exchange.Reason));
    }

    [Fact]
    public async Task What_a_client_writes_into_X_Forwarded_For_counts_for_nothing()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, "allow: [10.0.0.0/8]");
        var response = await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n\r\n");
        Assert.Equal((403, "ip_denied"), (response.Status, response.Headers["x-filterproxy-reason"]));
        Assert.Empty(upstream.Requests);
    }

    [Theory]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.Direct)]
    public async Task Refuses_over_every_protocol(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, "deny: [127.0.0.0/8], status: 404", transport);
        Assert.Equal(404, (await proxy.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).Status);
    }

    [Fact]
    public async Task A_client_without_an_address_is_in_no_network()
    {
        using var exchange = TestExchange.Get("/");
        exchange.Downstream.GetType().GetProperty(nameof(DownstreamInfo.ClientAddress))!.SetValue(exchange.Downstream, null);
        Assert.Equal(FilterStatus.Stop, await Filter(new() { Allow = Networks("0.0.0.0/0", "::/0") }).OnRequestAsync(exchange));
        Assert.Equal(FilterStatus.Continue, await Filter(new() { Deny = Networks("0.0.0.0/0", "::/0") }).OnRequestAsync(exchange));
    }

    [Fact]
    public async Task Lists_may_be_files()
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("allow.txt", "# the office\n10.0.0.0/8   # all of it\n\n192.0.2.7\n2001:db8::/32\n");
        folder.Write("deny.txt", "10.0.0.1");
        var options = new IpAccessOptions { AllowFiles = ["allow.txt"], DenyFiles = ["deny.txt"] };
        Assert.True(await PassesAsync(options, "10.0.0.2"));
        Assert.True(await PassesAsync(options, "192.0.2.7"));
        Assert.False(await PassesAsync(options, "192.0.2.8"));
        Assert.False(await PassesAsync(options, "10.0.0.1"));
    }

    [Theory]
    [InlineData("10.0.0.0/8\n10.1/16\n", ":2:")]
    [InlineData("10.0.0.1/8", ":1:")]
    [InlineData("10", ":1:")]
    [InlineData("example.com", ":1:")]
    public void A_line_that_is_no_network_is_an_error_with_its_place(string text, string place)
    {
        using var folder = new ScratchFolder();
        _context.Directory = folder.Path;
        folder.Write("list.txt", text);
        Assert.Contains($"list.txt{place}", Assert.Throws<ArgumentException>(() => Filter(new() { DenyFiles = ["list.txt"] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_option_is_refused_with_its_place()
    {
        await using var upstream = TestUpstream.Start();
        Assert.Contains("10.0.0.1/8", (await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(upstream, "allow: [10.0.0.1/8]"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Agrees_with_a_search_through_all_networks()
    {
        const int Seed = 20260;
        var random = new Random(Seed);
        for (var round = 0; round < 50; round++)
        {
            // Small numbers, so that networks lie within each other and touch.
            var rules = Enumerable.Range(0, random.Next(1, 30)).Select(_ => (RandomNetwork(random), random.Next(2) == 0)).ToList();
            var table = AddressTable<bool>.Create(rules.OrderByDescending(rule => rule.Item2), otherwise: round % 2 == 0);
            for (var probe = 0; probe < 200; probe++)
            {
                var address = RandomAddress(random);
                var best = rules.Where(r => r.Item1.Contains(address)).OrderByDescending(r => r.Item1.PrefixLength).ThenBy(r => r.Item2).ToList();
                Assert.True((best.Count > 0 ? best[0].Item2 : round % 2 == 0) == table.Of(address), $"seed {Seed}, round {round}: {address} in {string.Join(' ', rules)}");
            }
        }
    }

    [Fact]
    public void Allocates_nothing()
    {
        using var exchange = TestExchange.Get("/").From("10.0.0.1");
        var filter = Filter(new() { Allow = Networks("10.0.0.0/8"), Deny = Networks("10.1.0.0/16") });
        Assert.Equal(0, Allocations.Of(() => Assert.True(filter.OnRequestAsync(exchange).IsCompletedSuccessfully)));
    }

    private static IPAddress RandomAddress(Random random) =>
        new(random.Next(2) == 0 ? [10, 0, 0, (byte)random.Next(256)] : [.. new byte[15], (byte)random.Next(256)]);

    private static IPNetwork RandomNetwork(Random random)
    {
        var bytes = RandomAddress(random).GetAddressBytes();
        var free = random.Next(9);
        bytes[^1] = (byte)(bytes[^1] >> free << free);
        return new IPNetwork(new IPAddress(bytes), (bytes.Length * 8) - free);
    }

    private static IPNetwork[] Networks(params string[] texts) => [.. texts.Select(IPNetwork.Parse)];

    private static Task<TestProxy> StartAsync(TestUpstream upstream, string options, TestTransport transport = TestTransport.Sockets) =>
        TestProxy.StartAsync(upstream.Port, transport, $"{{ route_filters: [ {{ ip_access: {{ {options} }} }} ] }}", components: typeof(IpAccessFilter));

    private async Task<bool> PassesAsync(IpAccessOptions options, string address)
    {
        using var exchange = TestExchange.Get("/").From(address);
        var run = await exchange.RunAsync(Filter(options));
        return run.Status == FilterStatus.Continue;
    }

    private IpAccessFilter Filter(IpAccessOptions options) => new(options, _context);
}
