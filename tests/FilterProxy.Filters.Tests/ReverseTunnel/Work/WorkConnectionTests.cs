using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Agents;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>Connections that agents keep ready for one byte stream each.</summary>
public sealed class WorkConnectionTests
{
    [Fact]
    public async Task A_stream_takes_an_idle_connection_and_another_takes_its_place()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("work");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 2);
        await WaitForIdleAsync(server, 2);

        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        await client.SendAsync("x"u8.ToArray());

        Assert.Equal(1, await upstream.ReceiveAsync(new byte[1]));
        await Poll.UntilAsync(() => server.LogLines.Count(line => line.Contains("has opened a work connection", StringComparison.Ordinal)) == 3);
        await WaitForIdleAsync(server, 2);
        Assert.Equal(0, StreamsOf(server));
    }

    [Fact]
    public async Task With_none_idle_a_stream_takes_a_tunnel_where_that_may_be()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("auto");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 0);

        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();

        Assert.Equal(1, StreamsOf(server));
    }

    [Fact]
    public async Task A_stream_that_needs_a_connection_waits_for_one()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("work");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);

        var sockets = new List<Socket>();
        for (var i = 0; i < 5; i++)
        {
            sockets.Add(await StreamRig.ConnectAsync(server));
        }

        for (var i = 0; i < 5; i++)
        {
            sockets.Add(await service.AcceptAsync());
        }

        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_stream_that_waits_too_long_for_a_connection_is_refused()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("work, pending_timeout: 50ms");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 0);

        using var client = await StreamRig.ConnectAsync(server);

        await Assert.ThrowsAsync<SocketException>(async () => await StreamRig.ReadToEndAsync(client));
        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("could not be relayed to cluster 'db': overloaded", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stream_under_way_ends_before_its_agent_does()
    {
        using var service = new StreamUpstream();
        await using var server = await StreamRig.StartServerAsync("work");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 1);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();

        var stopping = agent.StopAsync(TimeSpan.FromSeconds(20));
        await WaitForIdleAsync(server, 0);
        await client.SendAsync("last words"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("last words", await StreamRig.ReadToEndAsync(upstream));
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal("", await StreamRig.ReadToEndAsync(client));
        await stopping;
    }

    [Fact]
    public async Task An_idle_connection_of_which_nothing_is_heard_is_given_up()
    {
        using var link = new FrozenLink();
        await using var server = await StreamRig.StartServerAsync("auto", handshake: "ping_interval: 1s, ping_timeout: 1s");
        await using var agent = await StreamRig.StartAgentAsync(server, 1, work: 2, port: link.Start(server.PortOf("tunnels")));
        await WaitForIdleAsync(server, 2);

        link.Freeze();

        await Poll.UntilAsync(() => IdleOf(server) == 0, TimeSpan.FromSeconds(30));
        await Poll.UntilAsync(() => IdleOfAgent(agent) == 0, TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_server_that_was_restarted_has_its_idle_connections_back()
    {
        using var service = new StreamUpstream();
        var server = await StreamRig.StartServerAsync("work");
        var port = server.PortOf("tunnels");
        await using var agent = await StreamRig.StartAgentAsync(server, service.Port, work: 2);
        await WaitForIdleAsync(server, 2);
        await server.DisposeAsync();

        await using var next = await StreamRig.StartServerAsync("work", port: port);

        await WaitForIdleAsync(next, 2);
    }

    [Fact]
    public async Task An_agent_keeps_no_more_than_it_may()
    {
        await using var server = await StreamRig.StartServerAsync("auto", rule: "max_work_connections: 1");
        await using var agent = await StreamRig.StartAgentAsync(server, 1, work: 2);

        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("429 tunnel_over_limit", StringComparison.Ordinal)));
        await WaitForIdleAsync(server, 1);
    }

    [Theory]
    [InlineData("work_connections: -1", "must be between 0 and 1000")]
    [InlineData("work_connections: 1001", "must be between 0 and 1000")]
    public async Task An_agent_with_a_senseless_number_of_them_does_not_start(string source, string problem)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TunnelRig.StartAgentAsync(1, 1, source: source));

        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    internal static Task WaitForIdleAsync(TestProxy server, int count) => Poll.UntilAsync(() => IdleOf(server) == count, TimeSpan.FromSeconds(20));

    private static int IdleOf(TestProxy server) => TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents").EnumerateArray()
        .Select(agent => agent.GetProperty("work_connections_idle").GetInt32()).FirstOrDefault();

    private static int IdleOfAgent(TestProxy agent) => TunnelViewTests.View<TunnelSource>(agent).GetProperty("servers")[0].GetProperty("work_connections_idle").GetInt32();

    private static int StreamsOf(TestProxy server) => TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents")[0].GetProperty("streams").GetInt32();
}
