using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Work;
using FilterProxy.Filters.Tests.TcpRelay;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>How the byte streams of services travel.</summary>
public sealed class ServiceTransportTests
{
    [Theory]
    [InlineData("", 1)]
    [InlineData("transport: auto", 1)]
    [InlineData("transport: work", 1)]
    [InlineData("transport: h2", 0)]
    public async Task A_stream_takes_a_work_connection_where_it_may(string services, int used)
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync(services);
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }", work: 1);
        await WorkConnectionTests.WaitForIdleAsync(server, 1);

        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        using var upstream = await service.AcceptAsync();
        await client.SayAsync("hello");

        Assert.Equal("hello", await upstream.HearAsync(5));
        var there = TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents")[0];
        Assert.Equal((used, 1 - used), (there.GetProperty("work_connections_used").GetInt32(), there.GetProperty("streams").GetInt32()));
    }

    [Fact]
    public async Task A_stream_that_needs_a_work_connection_is_refused_where_none_comes()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync("transport: work, connect_timeout: 200ms");
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");

        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));

        await Assert.ThrowsAsync<SocketException>(async () => await client.HearAsync(1));
        Assert.False(service.HasPending());
        Assert.Contains(server.LogLines, line => line.Contains("tunnel_no_work_connection", StringComparison.Ordinal) || line.Contains("timeout", StringComparison.Ordinal));
    }
}
