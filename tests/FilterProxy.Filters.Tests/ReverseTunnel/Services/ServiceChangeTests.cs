using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>Services that come, go and change while their agents stay connected.</summary>
public sealed class ServiceChangeTests
{
    [Fact]
    public async Task A_tcp_service_that_is_down_is_withdrawn_and_has_its_port_again_when_it_is_back()
    {
        var service = new StreamUpstream();
        var origin = service.Port;
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(AgentConfig(
            $"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{origin}", "{ name: db, type: tcp, cluster: origin }", "health_check: { check: tcp, interval: 100ms, unhealthy_after: 1, healthy_after: 1 }"));
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("the service db at port", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        var port = PortOf(agent, "db");
        Assert.True(IsOpen(port));

        service.Dispose();
        await Poll.UntilAsync(() => !IsOpen(port), TimeSpan.FromSeconds(20));
        Assert.Contains(agent.LogLines, line => line.Contains("The service db is withdrawn: no endpoint of cluster origin is healthy.", StringComparison.Ordinal));
        using var again = Listen(origin);
        await Poll.UntilAsync(() => IsOpen(port), TimeSpan.FromSeconds(20));

        Assert.Contains(agent.LogLines, line => line.Contains("The service db is back", StringComparison.Ordinal));
        Assert.Equal(1, TunnelsOf(server));
    }

    [Fact]
    public async Task An_http_service_is_withdrawn_while_the_cluster_of_its_health_is_ill()
    {
        var isIll = false;
        await using var origin = TestUpstream.Start(request => request.Target == "/health" && Volatile.Read(ref isIll) ? UpstreamResponse.Create(503, "ill") : UpstreamResponse.Ok());
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(AgentConfig(
            $"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{origin.Port}", "{ name: app, hosts: [app.example], health_cluster: origin }, { name: other, hosts: [other.example] }",
            "health_check: { check: { http: { path: /health } }, interval: 100ms, unhealthy_after: 1, healthy_after: 1 }"));
        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 200, TimeSpan.FromSeconds(20));

        Volatile.Write(ref isIll, true);
        await Poll.UntilAsync(async () => await ReasonOfAsync(server, "app.example") == "tunnel_no_service", TimeSpan.FromSeconds(20));
        Assert.NotEqual("tunnel_no_service", await ReasonOfAsync(server, "other.example"));
        Volatile.Write(ref isIll, false);

        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 200, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_reload_of_an_agents_services_leaves_its_tunnels_and_its_other_services_alone()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: stays, type: tcp, cluster: origin }, { name: goes, type: tcp, cluster: origin }");
        var (stays, goes) = (PortOf(agent, "stays"), PortOf(agent, "goes"));
        using var client = await StreamUpstream.ConnectAsync(stays);
        using var upstream = await service.AcceptAsync();

        Assert.Equal("", await agent.ReloadAsync(AgentConfig(
            $"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: stays, type: tcp, cluster: origin, rates: { download: 1MiB } }, { name: comes, type: tcp, cluster: origin }")));
        await Poll.UntilAsync(() => !IsOpen(goes) && agent.LogLines.Any(line => line.Contains("the service comes at port", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));

        await client.SayAsync("still");
        Assert.Equal("still", await upstream.HearAsync(5));
        foreach (var port in new[] { stays, PortOf(agent, "comes") })
        {
            using var further = await StreamUpstream.ConnectAsync(port);
            await further.SayAsync("new");
            Assert.Equal("new", await HearNextAsync(service));
        }

        Assert.Equal((1, 0), (TunnelsOf(server), server.LogLines.Count(line => line.Contains("has ended", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task A_reload_that_makes_other_tunnels_is_of_the_same_agent_and_streams_end_by_themselves()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        using var upstream = await service.AcceptAsync();
        var config = AgentConfig($"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }").Replace("@server:1", "@server:2", StringComparison.Ordinal);

        Assert.Equal("", await agent.ReloadAsync(config));
        await TunnelRig.WaitForTunnelsAsync(server, 3);

        await client.SayAsync("still");
        Assert.Equal("still", await upstream.HearAsync(5));
        Assert.DoesNotContain(server.LogLines, line => line.Contains("tunnel_node_taken", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_the_server_does_not_allow_is_refused_alone_when_it_comes_later()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        await agent.ReloadAsync(AgentConfig(
            $"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }, { name: bad, type: tcp, port: 19999, cluster: origin }"));

        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("does not have the service bad: tunnel_service_denied.", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
        Assert.Contains(server.LogLines, line => line.Contains("Agent n1:apps:acme does not get all its services: bad (tunnel_service_denied).", StringComparison.Ordinal));
        Assert.True(IsOpen(PortOf(agent, "db")));
    }

    [Fact]
    public async Task A_reload_of_the_servers_rules_leaves_all_alone_whom_they_let_in_as_before()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        await using var doomed = await StartAgentAsync(server, "n2", "more", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        var (stays, goes) = (PortOf(agent, "db"), PortOf(doomed, "db"));
        using var client = await StreamUpstream.ConnectAsync(stays);
        using var upstream = await service.AcceptAsync();

        Assert.Equal("", await server.ReloadAsync(ServerConfig(rules: "{ agents: [\"n2:*:acme\"], protocols: [http] }, { agents: [\"n1:*:acme\"], protocols: [http, tcp], ports: [20000-29999, 30001] }, ")));
        await Poll.UntilAsync(() => !IsOpen(goes), TimeSpan.FromSeconds(20));

        await client.SayAsync("still");
        Assert.Equal("still", await upstream.HearAsync(5));
        using var further = await StreamUpstream.ConnectAsync(stays);
        await further.SayAsync("new");
        Assert.Equal("new", await HearNextAsync(service));
        Assert.DoesNotContain(server.LogLines, line => line.Contains("n1:apps:acme loses", StringComparison.Ordinal) || line.Contains("n1:apps:acme has ended", StringComparison.Ordinal));

        // What comes later is judged by the rules of now.
        await agent.ReloadAsync(AgentConfig(
            $"{server.PortOf("tunnels")}", "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }, { name: app, hosts: [app.example] }"));
        await Poll.UntilAsync(() => agent.LogLines.Any(line => line.Contains("does not have the service app: tunnel_service_denied.", StringComparison.Ordinal)), TimeSpan.FromSeconds(20));
    }

    private static int TunnelsOf(TestProxy server) => server.LogLines.Count(line => line.Contains("has a tunnel", StringComparison.Ordinal));

    private static async Task<string?> ReasonOfAsync(TestProxy server, string host) =>
        (await server.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")) is { Status: 404 } gone ? gone.Headers["x-filterproxy-reason"] : null;

    // Who only looks whether a port is open comes to the service as well, and says nothing.
    private static async Task<string> HearNextAsync(StreamUpstream service)
    {
        while (true)
        {
            using var reached = await service.AcceptAsync();
            try
            {
                return await reached.HearAsync(3);
            }
            catch (Exception e) when (e is EndOfStreamException or SocketException)
            {
                // It was one of those.
            }
        }
    }

    private static bool IsOpen(int port)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Socket Listen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(128);
        return socket;
    }
}
