using System.Net;
using System.Net.Sockets;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.ReverseTunnel.Agents;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Udp;

/// <summary>Datagrams to services behind agents, through two whole proxies.</summary>
public sealed class TunnelUdpTests
{
    [Fact]
    public async Task A_datagram_goes_to_the_service_and_its_answer_back_whatever_its_size()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        using var client = new UdpPeer();
        await UdpRig.AskAsync(client, UdpRig.PortOf(agent), "begin");
        foreach (var length in new[] { 0, 1, 1400, 60_000, 65_507 })
        {
            var datagram = new byte[length];
            new Random(length).NextBytes(datagram);

            await client.SendAsync(UdpRig.PortOf(agent), datagram);

            Assert.Equal(datagram, (await client.ReceiveAsync()).Bytes);
        }
    }

    [Fact]
    public async Task Each_client_has_a_session_and_gets_its_own_answers()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        var clients = Enumerable.Range(0, 20).Select(_ => new UdpPeer()).ToList();

        var answers = await Task.WhenAll(clients.Select((client, i) => UdpRig.AskAsync(client, UdpRig.PortOf(agent), $"{i}.")));

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}."), answers);
        Assert.Equal(20, UdpRig.Count(server, "active"));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task A_session_that_is_quiet_ends_at_both_sides()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync("idle_timeout: 200ms");
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        using var client = new UdpPeer();
        await UdpRig.AskAsync(client, UdpRig.PortOf(agent), "one");

        await Poll.UntilAsync(() => UdpRig.Count(server, "sessions reason=idle_timeout") == 1);
        await Poll.UntilAsync(() => UdpRig.Count(agent, "active") == 0);
        Assert.Equal("two", await UdpRig.AskAsync(client, UdpRig.PortOf(agent), "two"));
    }

    [Theory]
    [InlineData("max_sessions: 2", "max_sessions")]
    [InlineData("max_sessions_per_client: 2", "max_sessions_per_client")]
    [InlineData("client_rate: 1", "client_rate")]
    public async Task What_is_over_a_limit_is_dropped_and_counted(string option, string reason)
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync(option);
        await using var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        var clients = Enumerable.Range(0, 5).Select(_ => new UdpPeer()).ToList();

        await Poll.UntilAsync(async () =>
        {
            foreach (var client in clients)
            {
                await client.SendAsync(UdpRig.PortOf(agent), [1]);
            }

            return UdpRig.Count(server, $"dropped reason={reason}") >= 3;
        });

        Assert.True(UdpRig.Count(server, "active") <= 2 || reason == "client_rate");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task Two_agents_share_the_clients_and_those_of_one_that_stops_go_to_the_other()
    {
        await using var one = new UdpEcho("/one");
        await using var two = new UdpEcho("/two");
        await using var server = await UdpRig.StartServerAsync();
        await using var first = await UdpRig.StartAgentAsync(server, one.Port);
        await using var second = await UdpRig.StartAgentAsync(server, two.Port, "n2");
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        var port = UdpRig.PortOf(first);
        Assert.Equal(port, UdpRig.PortOf(second));
        var clients = Enumerable.Range(0, 10).Select(_ => new UdpPeer()).ToList();
        var answers = await Task.WhenAll(clients.Select(client => UdpRig.AskAsync(client, port, "a")));
        Assert.True(answers.Contains("a/one") && answers.Contains("a/two"), string.Join(' ', answers));

        await first.StopAsync(TimeSpan.FromSeconds(20));

        foreach (var client in clients)
        {
            Assert.Equal("b/two", await UdpRig.AskAsync(client, port, "b"));
        }

        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task The_port_goes_with_the_last_agent_and_its_sessions_with_it()
    {
        await using var echo = new UdpEcho();
        await using var server = await UdpRig.StartServerAsync();
        var agent = await UdpRig.StartAgentAsync(server, echo.Port);
        var port = UdpRig.PortOf(agent);
        using var client = new UdpPeer();
        await UdpRig.AskAsync(client, port, "one");

        await agent.StopAsync(TimeSpan.Zero);
        await agent.DisposeAsync();

        await Poll.UntilAsync(() => IsFree(port));
        await Poll.UntilAsync(() => UdpRig.Count(server, "active") == 0);
        await using var again = await UdpRig.StartAgentAsync(server, echo.Port);
        Assert.Equal(port, UdpRig.PortOf(again));
        Assert.Equal("two", await UdpRig.AskAsync(client, port, "two"));
    }

    [Fact]
    public async Task A_service_nobody_is_at_is_found_out_by_ICMP_and_asked_again_with_the_next_datagram()
    {
        int dead;
        using (var gone = new UdpPeer())
        {
            dead = gone.Port;
        }

        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, dead);
        using var client = new UdpPeer();
        await Poll.UntilAsync(async () =>
        {
            await client.SendAsync(UdpRig.PortOf(agent), [1]);
            return UdpRig.Count(agent, "dropped reason=unreachable") > 0 && UdpRig.Count(server, "sessions reason=upstream_closed") > 0;
        });

        await using var echo = new UdpEcho(port: dead);

        Assert.Equal("there", await UdpRig.AskAsync(client, UdpRig.PortOf(agent), "there"));
    }

    [Fact]
    public async Task An_agent_whose_link_stands_still_costs_its_own_clients_datagrams_and_no_others()
    {
        await using var one = new UdpEcho("/one");
        await using var two = new UdpEcho("/two");
        using var link = new FrozenLink();
        await using var server = await UdpRig.StartServerAsync("queue: 64KiB", "ping_interval: 1h, ping_timeout: 1h");
        await using var slow = await UdpRig.StartAgentAsync(link.Start(server.PortOf("tunnels")), $"\"127.0.0.1:{one.Port}\"");
        await using var quick = await UdpRig.StartAgentAsync(server, two.Port, "n2");
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        var port = UdpRig.PortOf(quick);
        var clients = Enumerable.Range(0, 4).Select(_ => new UdpPeer()).ToList();
        var answers = await Task.WhenAll(clients.Select(client => UdpRig.AskAsync(client, port, "a")));
        var (stuck, lucky) = (clients[Array.IndexOf(answers, "a/one")], clients[Array.IndexOf(answers, "a/two")]);

        link.Freeze();
        await Poll.UntilAsync(async () =>
        {
            await stuck.SendAsync(port, new byte[30_000]);
            return UdpRig.Count(server, "dropped reason=queue_full") > 0;
        });

        Assert.Equal("b/two", await UdpRig.AskAsync(lucky, port, "b"));
        clients.ForEach(client => client.Dispose());
    }

    [ProgramFact("dig", "dnsmasq")]
    public async Task Dig_asks_a_DNS_server_that_only_the_agent_can_reach()
    {
        using var folder = new ScratchFolder();
        var origin = ExternalProgram.FreePort();
        await using var dns = await DnsServer.StartAsync(folder, origin);
        await using var server = await UdpRig.StartServerAsync();
        await using var agent = await UdpRig.StartAgentAsync(server, origin);

        Assert.Equal(DnsServer.Answer, await DnsServer.AskAsync(UdpRig.PortOf(agent)));
    }

    [Theory]
    [InlineData("idle_timeout: 1ms", "between 100ms")]
    [InlineData("max_sessions: 0", "between 1 and")]
    [InlineData("client_rate: -1", "between 0 and")]
    [InlineData("queue: 1KiB", "64KiB")]
    public async Task Limits_that_make_no_sense_are_errors_of_the_configuration(string option, string problem)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => UdpRig.StartServerAsync(option));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
