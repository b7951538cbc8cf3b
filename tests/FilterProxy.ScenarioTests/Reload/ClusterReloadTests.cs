using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>Clusters keep their connections, counters and endpoints as far as the new configuration lets them.</summary>
public sealed class ClusterReloadTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    [Fact]
    public async Task An_endpoint_that_stays_keeps_its_connections_when_others_come_and_go()
    {
        await using var stays = TestUpstream.Start();
        await using var goes = TestUpstream.Start();
        await using var comes = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(With($"\"127.0.0.1:{stays.Port}\", \"127.0.0.1:{goes.Port}\""), TestTransport.Direct);
        await using var client = await proxy.ConnectAsync();
        for (var i = 0; i < 4; i++)
        {
            await client.RoundTripAsync(Get);
        }

        Assert.Equal("", await proxy.ReloadAsync(With($"\"127.0.0.1:{stays.Port}\", \"127.0.0.1:{comes.Port}\"")));
        for (var i = 0; i < 4; i++)
        {
            await client.RoundTripAsync(Get);
        }

        Assert.Single(stays.Connections);
        Assert.Equal(2, goes.Requests.Count);
        Assert.Equal(2, comes.Requests.Count);
        await Poll.UntilAsync(() => goes.Connections.All(c => c.ClosedByPeer));
        await proxy.SettledAsync();
    }

    [Fact]
    public async Task A_cluster_with_another_setting_is_new_and_the_old_ones_connections_are_closed()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(With($"\"127.0.0.1:{upstream.Port}\""), TestTransport.Direct);
        await proxy.SendAsync(Get);

        Assert.Equal("", await proxy.ReloadAsync(With($"\"127.0.0.1:{upstream.Port}\"", "connect_timeout: 3s")));
        await proxy.SendAsync(Get);

        Assert.Equal(2, upstream.Connections.Count);
        await Poll.UntilAsync(() => upstream.Connections[0].ClosedByPeer);
        Assert.False(upstream.Connections[1].ClosedByPeer);
    }

    [Fact]
    public async Task A_cluster_nobody_names_any_more_is_closed()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(With($"\"127.0.0.1:{one.Port}\""), TestTransport.Direct);
        await proxy.SendAsync(Get);

        Assert.Equal("", await proxy.ReloadAsync($$"""
            routes: [ { name: all, cluster: other } ]
            clusters: { other: { endpoints: ["127.0.0.1:{{two.Port}}"] } }
            """));

        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
        await Poll.UntilAsync(() => one.Connections.Single().ClosedByPeer);
    }

    private static string With(string endpoints, string more = "") => $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { load_balancer: round_robin, endpoints: [{{endpoints}}]{{(more.Length > 0 ? ", " + more : "")}} } }
        """;
}
