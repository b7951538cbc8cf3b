using FilterProxy.Filters.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.UdpRelay;

/// <summary>What is left of hundreds of sessions that have ended: nothing.</summary>
[Collection(nameof(Alone))]
public sealed class LeakTests
{
    private const int Clients = 300, Slack = 30;

    [Theory]
    [InlineData("answered", "responses: 1", true)]
    [InlineData("idle_timeout", "idle_timeout: 100ms", true)]
    [InlineData("unreachable", "", false)]
    public async Task Nothing_is_left_of_sessions_whatever_ended_them(string reason, string options, bool isThere)
    {
        var upstream = new UdpPeer();
        var port = upstream.Port;
        var serving = isThere ? EchoAsync(upstream) : Task.CompletedTask;
        if (!isThere)
        {
            upstream.Dispose();
        }

        await using var proxy = await TestProxy.StartAsync(
            $$"""
            listeners: {}
            udp_listeners: { dns: { address: "127.0.0.1:0", service: { udp_relay: { cluster: origin, {{options}} } } } }
            clusters: { origin: { endpoints: ["127.0.0.1:{{port}}"] } }
            """.Replace(", }", " }", StringComparison.Ordinal),
            components: [typeof(UdpRelayService)]);
        await SessionAsync(proxy, reason);
        var descriptors = Descriptors();
        for (var i = 0; i < Clients; i++)
        {
            await SessionAsync(proxy, reason);
        }

        await Poll.UntilAsync(() => proxy.Counts["filterproxy.udp_relay.active"] == 0);
        await Poll.UntilAsync(() => Descriptors() <= descriptors + Slack, what: $"{Descriptors()} descriptors are open, {descriptors} were");
        upstream.Dispose();
        await serving;
    }

    private static async Task SessionAsync(TestProxy proxy, string reason)
    {
        using var client = new UdpPeer();
        var before = Ended(proxy, reason);
        await client.SendAsync(proxy.UdpPortOf("dns"), [1]);

        // Those end by themselves, and are not waited for one by one.
        await (reason == "idle_timeout" ? client.ReceiveAsync() : Poll.UntilAsync(() => Ended(proxy, reason) > before));
    }

    private static long Ended(TestProxy proxy, string reason) => proxy.Counts.GetValueOrDefault($"filterproxy.udp_relay.sessions reason={reason}");

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static async Task EchoAsync(UdpPeer upstream)
    {
        try
        {
            while (true)
            {
                var (bytes, from) = await upstream.ReceiveAsync();
                await upstream.SendAsync(from.Port, bytes);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            // The test is over.
        }
    }
}
