using System.Net;
using System.Net.Sockets;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Agents;

/// <summary>Agents and servers that go and come back.</summary>
public sealed class TunnelReturnTests
{
    [Fact]
    public async Task An_agent_that_starts_first_has_its_tunnel_as_soon_as_the_server_is_there()
    {
        await using var origin = TestUpstream.Start();
        var port = FreePort();
        await using var agent = await TunnelRig.StartAgentAsync(port, origin.Port);
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("cannot be reached", StringComparison.Ordinal)));

        await using var server = await TunnelRig.StartServerAsync(port);

        await TunnelRig.WaitUntilReachableAsync(server);
    }

    [Fact]
    public async Task A_server_that_was_restarted_has_its_agents_back()
    {
        await using var origin = TestUpstream.Start();
        var server = await TunnelRig.StartServerAsync();
        var port = server.PortOf("tunnels");
        await using var agent = await TunnelRig.StartAgentAsync(port, origin.Port, count: 2);
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await server.DisposeAsync();

        await using var next = await TunnelRig.StartServerAsync(port);

        await TunnelRig.WaitForTunnelsAsync(next, 2);
        await TunnelRig.WaitUntilReachableAsync(next);
    }

    [Fact]
    public async Task An_agent_that_was_restarted_is_reachable_again()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        var first = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        await first.DisposeAsync();

        await using var second = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);

        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await TunnelRig.WaitUntilReachableAsync(server);
    }

    [Fact]
    public async Task Two_agents_share_the_requests()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync(cluster: "load_balancer: round_robin");
        await using var first = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), one.Port);
        await using var second = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), two.Port, "n2");
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await Poll.UntilAsync(async () =>
        {
            await server.SendAsync(TunnelRig.Get());
            return one.Requests.Count > 0 && two.Requests.Count > 0;
        });
        var before = (One: one.Requests.Count, Two: two.Requests.Count);

        for (var i = 0; i < 10; i++)
        {
            await server.SendAsync(TunnelRig.Get());
        }

        Assert.Equal((5, 5), (one.Requests.Count - before.One, two.Requests.Count - before.Two));
    }

    [Fact]
    public async Task One_agent_serves_two_servers()
    {
        await using var origin = TestUpstream.Start();
        await using var one = await TunnelRig.StartServerAsync();
        await using var two = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync($"\"127.0.0.1:{one.PortOf("tunnels")}\", \"127.0.0.1:{two.PortOf("tunnels")}\"", origin.Port);

        await TunnelRig.WaitUntilReachableAsync(one);
        await TunnelRig.WaitUntilReachableAsync(two);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_request_that_may_be_repeated_fails_when_one_of_two_agents_stops(int count)
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        await using var staying = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await using var leaving = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, "n2", count);
        await TunnelRig.WaitForTunnelsAsync(server, 1 + count);
        await TunnelRig.WaitUntilReachableAsync(server);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(() => TunnelRig.AskAsync(server, TunnelRig.Get(), stop.Token))).ToList();
        await origin.WaitForRequestsAsync(200);

        await leaving.StopAsync(TimeSpan.FromSeconds(10));
        var then = origin.Requests.Count;
        await origin.WaitForRequestsAsync(then + 200);
        await stop.CancelAsync();

        Assert.All((await Task.WhenAll(clients)).SelectMany(answers => answers), answer => Assert.True(answer == "200", answer));
    }

    [Fact]
    public async Task A_request_under_way_is_answered_when_its_agent_stops()
    {
        var gate = new TaskCompletionSource();
        await using var origin = TestUpstream.Start(request => request.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        var asked = origin.Requests.Count;
        var slow = server.SendAsync(TunnelRig.Get("/slow"));
        await origin.WaitForRequestsAsync(asked + 1);

        var stopping = agent.StopAsync(TimeSpan.FromSeconds(20));
        gate.SetResult();

        Assert.Equal("late", (await slow).Text);
        await stopping;
    }

    [Fact]
    public async Task An_agent_of_which_nothing_is_heard_is_given_up()
    {
        await using var origin = TestUpstream.Start();
        using var link = new FrozenLink();
        await using var server = await TunnelRig.StartServerAsync(handshake: "ping_interval: 1s, ping_timeout: 1s");
        await using var agent = await TunnelRig.StartAgentAsync(link.Start(server.PortOf("tunnels")), origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);

        link.Freeze();

        await Poll.UntilAsync(() => server.LogLines.Any(line => line.Contains("has ended", StringComparison.Ordinal)), TimeSpan.FromSeconds(30));
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
