using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.TcpRelay;

/// <summary>Where relays go that their cluster does not take, and what the log is told of it.</summary>
public sealed class FallbackTests
{
    private const string Nobody = "endpoints: [ { address: '127.0.0.1:1', weight: 0 } ]";

    [Theory]
    [InlineData(Nobody)]
    [InlineData("endpoints: ['127.0.0.1:DEAD']")]
    [InlineData("endpoints: ['127.0.0.1:DEAD', '127.0.0.2:DEAD']")]
    public async Task What_a_cluster_has_nobody_for_goes_to_its_fallback(string cluster)
    {
        using var other = new StreamUpstream();
        await using var proxy = await StartAsync($"{cluster}, fallback: {{ cluster: other }}", other.Port);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await other.AcceptAsync();
        await server.SayAsync("here");

        Assert.Equal("here", await client.HearAsync(4));
    }

    [Fact]
    public async Task What_is_over_a_limit_goes_to_the_fallback_and_the_log_is_told_once()
    {
        using var one = new StreamUpstream();
        using var other = new StreamUpstream();
        await using var proxy = await StartAsync(
            $"endpoints: ['127.0.0.1:{one.Port}'], limits: {{ max_requests: 1, max_pending: 0 }}, fallback: {{ cluster: other }}", other.Port);
        using var first = await StreamUpstream.ConnectAsync(proxy.Port);
        using var held = await one.AcceptAsync();

        for (var i = 0; i < 3; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await other.AcceptAsync();
            await client.SayAsync("x");
            Assert.Equal("x", await server.HearAsync(1));
        }

        Assert.Single(proxy.LogLines, line => line.Contains("Cluster 'origin' does not take a request: too_many_requests", StringComparison.Ordinal));
        Assert.Equal(3, proxy.Counts["filterproxy.limit.reached limit=cluster.limits.max_requests"]);
    }

    [Fact]
    public async Task What_an_open_breaker_stops_goes_to_the_fallback()
    {
        using var other = new StreamUpstream();
        await using var proxy = await StartAsync(
            $"endpoints: ['127.0.0.1:{UpstreamTests.DeadPort()}'], circuit_breaker: {{ open_when: 'network_error_ratio > 50%', min_requests: 3 }}, fallback: {{ cluster: other }}",
            other.Port);
        await Poll.UntilAsync(async () =>
        {
            using var client = await StreamUpstream.ConnectAsync(proxy.Port);
            using var server = await other.AcceptAsync();
            return proxy.Engine.Snapshot!.Clusters["origin"].Guard.Breaker!.State != BreakerState.Closed;
        });

        using var later = await StreamUpstream.ConnectAsync(proxy.Port);
        using var answering = await other.AcceptAsync();
        Assert.Contains(proxy.LogLines, line => line.Contains("Cluster 'origin' does not take a request: circuit_open", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clusters_that_stand_in_for_each_other_end_with_the_last_ones_reason()
    {
        await using var proxy = await StartAsync(
            Nobody + ", fallback: { cluster: other }", UpstreamTests.DeadPort(), "fallback: { cluster: origin }");
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("no_endpoint") == 1);
    }

    [Fact]
    public async Task An_answer_is_nothing_for_bytes()
    {
        await using var proxy = await StartAsync(Nobody + ", fallback: { respond: { status: 503 } }", 1);
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);

        Assert.False(await client.EndsOrderlyAsync());
        await Poll.UntilAsync(() => proxy.Ended("no_endpoint") == 1);
    }

    [Fact]
    public async Task A_reload_changes_who_stands_in()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var proxy = await StartAsync(Nobody + ", fallback: { cluster: other }", one.Port);
        Assert.Equal("", await proxy.ReloadAsync(Text(Nobody + ", fallback: { cluster: other }", two.Port)));
        using var client = await StreamUpstream.ConnectAsync(proxy.Port);
        using var server = await two.AcceptAsync();
        await server.SayAsync("new");

        Assert.Equal("new", await client.HearAsync(3));
    }

    private static Task<TestProxy> StartAsync(string cluster, int other, string more = "") => RelayProxy.StartAsync(Text(cluster, other, more));

    private static string Text(string cluster, int other, string more = "") =>
        $$"""
        listeners: { web: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: origin } } ] } }
        clusters:
          origin: { {{cluster.Replace("DEAD", $"{UpstreamTests.DeadPort()}", StringComparison.Ordinal)}} }
          other: { endpoints: ["127.0.0.1:{{other}}"]{{(more.Length > 0 ? ", " + more : "")}} }
        """;
}
