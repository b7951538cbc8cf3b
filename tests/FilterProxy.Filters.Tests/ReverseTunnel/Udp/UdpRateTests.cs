using System.Diagnostics;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Udp;

/// <summary>What a service of datagrams may carry, and what is counted of it.</summary>
public sealed class UdpRateTests
{
    private const int Size = 1024;

    [Theory]
    [InlineData("upload")]
    [InlineData("download")]
    [InlineData("visitor_upload")]
    [InlineData("visitor_download")]
    public async Task Datagrams_beyond_a_rate_are_dropped_and_counted(string rate)
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port, service: $", rates: {{ {rate}: 8KiB }}");
        using var client = new UdpPeer();
        var port = UdpRig.PortOf(agent);
        await UdpRig.AskAsync(client, port, "begin");

        var began = Stopwatch.GetTimestamp();
        await SendUntilDroppedAsync(client, port, server);

        // What a tenth of a second allows, and one that runs into debt; a slow machine's seconds allow more.
        var allowed = (Stopwatch.GetElapsedTime(began).TotalSeconds + 0.2) * 8 * 1024 / Size;
        Assert.InRange(await CountAsync(client), 0, allowed + 2);
    }

    [Fact]
    public async Task A_rate_of_one_client_is_no_other_ones()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port, service: ", rates: { visitor_upload: 8KiB, upload: 1MiB }");
        var port = UdpRig.PortOf(agent);
        using var greedy = new UdpPeer();
        using var modest = new UdpPeer(address: "127.0.0.2");
        await UdpRig.AskAsync(greedy, port, "begin");
        await UdpRig.AskAsync(modest, port, "begin");

        await SendUntilDroppedAsync(greedy, port, server);

        Assert.Equal("still", await UdpRig.AskAsync(modest, port, "still"));
    }

    [Fact]
    public async Task A_session_counts_as_a_client_of_its_service_with_its_bytes()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync("idle_timeout: 200ms");
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        using var client = new UdpPeer();

        await UdpRig.AskAsync(client, UdpRig.PortOf(agent), "12345");
        await Poll.UntilAsync(() => UdpRig.Count(server, "active") == 0);

        var service = TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("services")[0];
        Assert.Equal(0, service.GetProperty("clients").GetInt32());
        Assert.InRange(service.GetProperty("clients_served").GetInt32(), 1, 10);
        Assert.InRange(service.GetProperty("bytes_to_agents").GetInt64(), 5, 50);
        Assert.InRange(service.GetProperty("bytes_from_agents").GetInt64(), 5, 50);
        Assert.True(server.Counts.Where(count => count.Key.StartsWith("filterproxy.reverse_tunnel.service.bytes", StringComparison.Ordinal)).Sum(count => count.Value) >= 10);
    }

    // More at a time would not find room in the port's buffer.
    private static Task SendUntilDroppedAsync(UdpPeer client, int port, TestProxy server) => Poll.UntilAsync(async () =>
    {
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(port, new byte[Size]);
        }

        return UdpRig.Count(server, "dropped reason=service_rate") > 100;
    });

    private static async Task<int> CountAsync(UdpPeer client)
    {
        var count = 0;
        try
        {
            while (true)
            {
                count += (await client.ReceiveAsync(TimeSpan.FromMilliseconds(300))).Bytes.Length == Size ? 1 : 0;
            }
        }
        catch (OperationCanceledException)
        {
            return count;
        }
    }
}
