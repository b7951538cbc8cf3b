using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>What is counted of tunnels, and under which names.</summary>
public sealed class TunnelMetricsTests
{
    private const string Prefix = "filterproxy.reverse_tunnel.";

    [Fact]
    public async Task Connections_and_what_they_have_carried_are_counted_by_tenant_and_cluster_never_by_node()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        var one = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, count: 2);
        await using var two = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, "n2");
        await TunnelRig.WaitForTunnelsAsync(server, 3);
        await TunnelRig.WaitUntilReachableAsync(server);
        Assert.Equal((3, 3), (Count(server, "connections tenant=acme cluster=apps"), Count(server, "handshakes outcome=admitted")));

        await one.DisposeAsync();
        await Poll.UntilAsync(() => Count(server, "connections tenant=acme cluster=apps") == 1 && Count(server, "ended tenant=acme cluster=apps reason=client_closed") == 2);
        await Poll.UntilAsync(() => Count(server, "bytes tenant=acme cluster=apps direction=from_agent") > 0);

        Assert.True(Count(server, "bytes tenant=acme cluster=apps direction=to_agent") > 0);
        Assert.Equal(
            ["bytes cluster direction tenant", "connections cluster tenant", "ended cluster reason tenant", "handshakes outcome", "streams cluster tenant"],
            Names(server));
        Assert.DoesNotContain(server.Counts.Keys, key => key.StartsWith(Prefix, StringComparison.Ordinal) && key.Contains("n1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Agents_that_are_refused_are_counted_by_the_code_alone()
    {
        await using var server = await TunnelRig.StartServerAsync();
        foreach (var tenant in new[] { "none", "nobody", "x" })
        {
            using var client = await StreamUpstream.ConnectAsync(server.PortOf("tunnels"));
            await client.SayAsync(Handshake.HandshakeBench.Request($"n1:apps:{tenant}"));
            Assert.Equal("HTTP/1.1 403", await client.HearAsync(12));
        }

        await Poll.UntilAsync(() => Count(server, "handshakes outcome=tunnel_denied") == 3);
        Assert.Equal(["handshakes outcome"], Names(server));
    }

    private static long Count(TestProxy server, string name) => server.Counts.GetValueOrDefault(Prefix + name);

    /// <summary>Names with the names of their labels.</summary>
    private static IEnumerable<string> Names(TestProxy server) => server.Counts.Keys
        .Where(key => key.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(key => key[Prefix.Length..].Split(' '))
        .Select(parts => string.Join(' ', parts[1..].Select(label => label.Split('=')[0]).Order(StringComparer.Ordinal).Prepend(parts[0])))
        .Distinct().Order(StringComparer.Ordinal);
}
