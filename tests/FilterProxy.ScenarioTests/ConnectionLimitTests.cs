using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests;

/// <summary>Limits on how many connections there are: on a listener, in all, and of one client.</summary>
public sealed class ConnectionLimitTests : Scenario
{
    private readonly ExchangeLog _log = new();

    public static TheoryData<string, TestTransport> Limits
    {
        get
        {
            var data = new TheoryData<string, TestTransport>();
            foreach (var transport in TestTransports.Most)
            {
                data.Add("connections", transport);
                data.Add("connections_in_all", transport);
                data.Add("connections_per_client", transport);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task A_connection_over_the_limit_is_closed_at_once_and_a_place_that_is_free_again_is_given(string limit, TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, $"{limit}: 1", transport: transport);
        await using (var first = await proxy.ConnectAsync())
        {
            Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);
            Assert.False(await ServesAnotherAsync(proxy));
            await Counted.LimitAsync(proxy, limit);
            Assert.Contains(proxy.LogLines, line => line.Contains(limit, StringComparison.Ordinal));
            Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);
        }

        await Poll.UntilAsync(() => ServesAnotherAsync(proxy));
        await Poll.UntilAsync(() => proxy.Engine.Services.ConnectionCounts is { Total: 0, Clients: 0 });
    }

    [Fact]
    public async Task Many_connections_over_the_limit_are_one_line_in_the_log()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await _log.StartAsync(upstream.Port, "connections: 1", transport: TestTransport.Direct);
        await using var first = await proxy.ConnectAsync();
        Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);

        for (var i = 0; i < 20; i++)
        {
            Assert.False(await ServesAnotherAsync(proxy));
        }

        Assert.Equal(20, proxy.Counts["filterproxy.limit.reached limit=connections"]);
        Assert.Single(proxy.LogLines, line => line.Contains("connections is 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connections_of_all_listeners_count_together_and_one_listener_may_have_places_of_its_own()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners:
              web: { address: "127.0.0.1:0" }
              also: { address: "127.0.0.1:0" }
              ops: { address: "127.0.0.1:0", limits: { connections_in_all: 2 } }
            http: { limits: { connections_in_all: 1 } }
            routes: [ { name: all, cluster: origin } ]
            clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
            """);
        await using var first = await RawClient.ConnectAsync(proxy.PortOf("web"));
        Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);

        await using var second = await RawClient.ConnectAsync(proxy.PortOf("also"));
        Assert.True(await second.IsClosedByPeerAsync());

        await using var third = await RawClient.ConnectAsync(proxy.PortOf("ops"));
        Assert.Equal(200, (await third.RoundTripAsync(Get)).Status);
    }

    [Fact]
    public async Task A_trusted_proxy_is_many_clients_and_not_limited_as_one()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(
            upstream.Port, http: "{ limits: { connections_per_client: 1 }, forwarding: { trusted_proxies: [127.0.0.0/8] } }");
        await using var first = await proxy.ConnectAsync();
        Assert.Equal(200, (await first.RoundTripAsync(Get)).Status);

        Assert.True(await ServesAnotherAsync(proxy));
    }

    private static async Task<bool> ServesAnotherAsync(TestProxy proxy)
    {
        try
        {
            await using var another = await proxy.ConnectAsync();
            return (await another.RoundTripAsync(Get)).Status == 200;
        }
        catch (Exception e) when (e is RawFormatException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
