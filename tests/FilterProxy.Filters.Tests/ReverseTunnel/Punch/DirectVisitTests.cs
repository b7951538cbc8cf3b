using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Secret;
using FilterProxy.Filters.Tests.ReverseTunnel.Agents;
using FilterProxy.Filters.Tests.ReverseTunnel.Secret;
using FilterProxy.Filters.Tests.ReverseTunnel.Stun;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Punch;

/// <summary>Visitors of an <c>xtcp</c> service, through three whole proxies: past the server where that is possible, and through it where it is not.</summary>
public sealed class DirectVisitTests
{
    private const string Found = "attempts path=direct reason=found", TimedOut = "attempts path=relayed reason=timeout";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Bytes_go_past_the_server_both_ways_and_each_end_by_itself()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        using var between = new FrozenLink();
        await using var visitor = await DirectRig.StartVisitorAsync(between.Start(server.PortOf("tunnels")), server.UdpPortOf("stun"));
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        using (var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh")))
        {
            using var upstream = await service.AcceptAsync();
            var received = ReadToEndAsync(upstream);
            await SendAsync(client, bytes);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(bytes, await received);
            await SendAsync(upstream, bytes);
            upstream.Shutdown(SocketShutdown.Send);
            Assert.Equal(bytes, await ReadToEndAsync(client));
        }

        await Poll.UntilAsync(
            () => DirectRig.Count(visitor, "bytes path=direct direction=from_agent") == bytes.Length && DirectRig.Count(agent, "bytes path=direct direction=to_agent") == bytes.Length, Patience);
        Assert.Equal((1, 1), (DirectRig.Count(visitor, Found), DirectRig.Count(agent, Found)));
        Assert.InRange(between.Heard.Length, 1, 20_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_of_one_side_reaches_the_other(bool byClient)
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();
        await EchoAsync(client, upstream);
        Assert.Equal(1, DirectRig.Count(visitor, Found));
        var (one, other) = byClient ? (client, upstream) : (upstream, client);

        one.LingerState = new LingerOption(true, 0);
        one.Close();

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(other));
    }

    [Fact]
    public async Task A_visit_that_is_allowed_no_more_is_cut_though_the_server_is_not_on_its_way()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();
        await EchoAsync(client, upstream);
        Assert.Equal(1, DirectRig.Count(visitor, Found));

        Assert.Equal("", await server.ReloadAsync(DirectRig.Server("visits: []")));

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));
        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(upstream));
    }

    [Fact]
    public async Task Where_no_way_is_found_bytes_go_through_the_server_and_back_to_the_direct_way_when_there_is_one()
    {
        using var service = new StreamUpstream();
        using var nobody = new UdpPeer();
        await using var stun = new FakeStun { Lie = new(IPAddress.Loopback, nobody.Port) };
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, stun.Address.Port);
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), stun.Address.Port, "retry: 400ms", timeout: "1500ms");

        await VisitAsync(visitor, service, 1_000_000);
        Assert.Equal((1, 1), (DirectRig.Count(visitor, TimedOut), DirectRig.Count(agent, TimedOut)));
        Assert.Equal(1_000_000, DirectRig.Count(visitor, "bytes path=relayed direction=to_agent"));
        await Poll.UntilAsync(() => visitor.LogLines.Any(line => line.Contains("apps/ssh go through the server from now on: timeout", StringComparison.Ordinal)), Patience);

        stun.Lie = null;
        await Poll.UntilAsync(
            async () =>
            {
                await VisitAsync(visitor, service, 1000);
                return DirectRig.Count(visitor, Found) > 0;
            },
            Patience);

        Assert.Contains(visitor.LogLines, line => line.Contains("apps/ssh go directly from now on: found", StringComparison.Ordinal));
    }

    [Fact]
    public async Task After_a_failure_nobody_waits_until_it_is_time_to_try_again()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"), "enabled: false");
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"), "retry: 1d");

        for (var i = 0; i < 3; i++)
        {
            await VisitAsync(visitor, service, 1000);
        }

        Assert.Equal(1, DirectRig.Count(visitor, "attempts path=relayed reason=agent_disabled"));
        Assert.Equal(3000, DirectRig.Count(visitor, "bytes path=relayed direction=to_agent"));
        Assert.Equal(1, DirectRig.Count(agent, "attempts path=relayed reason=agent_disabled"));
    }

    [Fact]
    public async Task An_agent_whose_options_change_is_reached_directly_without_another_tunnel()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"), "enabled: false");
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"), "retry: 100ms");
        await VisitAsync(visitor, service, 1000);

        Assert.Equal("", await agent.ReloadAsync(DirectRig.Agent(server, service.Port, server.UdpPortOf("stun"))));

        await Poll.UntilAsync(
            async () =>
            {
                await VisitAsync(visitor, service, 1000);
                return DirectRig.Count(visitor, Found) > 0;
            },
            Patience);
        Assert.Equal(1, server.LogLines.Count(line => line.Contains("n1:apps:acme has a tunnel", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_visitor_that_wants_no_direct_way_is_relayed()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"), "enabled: false");

        await VisitAsync(visitor, service, 1000);

        Assert.Equal(1000, DirectRig.Count(visitor, "bytes path=relayed direction=to_agent"));
        Assert.Equal((0, 0), (DirectRig.Count(agent, Found), DirectRig.Count(agent, TimedOut)));
    }

    [Fact]
    public async Task An_end_without_an_address_is_relayed_at_once()
    {
        using var service = new StreamUpstream();
        await using var silent = new FakeStun { Loses = int.MaxValue };
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), silent.Address.Port);

        await VisitAsync(visitor, service, 1000);

        Assert.Equal(1, DirectRig.Count(visitor, "attempts path=relayed reason=no_address"));
    }

    [Fact]
    public async Task Who_does_not_have_the_key_gets_no_datagram()
    {
        using var service = new StreamUpstream();
        await using var stun = new FakeStun();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, stun.Address.Port);
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"), key: VisitRig.OtherKey);
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));

        await Poll.UntilAsync(() => visitor.LogLines.Any(line => line.Contains("tunnel_secret_mismatch", StringComparison.Ordinal)), Patience);
        Assert.Equal(0, stun.Asked);
        Assert.False(service.HasPending());
    }

    [Fact]
    public async Task A_service_of_another_type_is_another_service()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"), type: "stcp");
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));

        await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(client));

        await Poll.UntilAsync(() => visitor.LogLines.Any(line => line.Contains("404 tunnel_visit_unknown", StringComparison.Ordinal)), Patience);
    }

    [Fact]
    public async Task Many_connections_at_once_are_all_whole()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"));
        var serving = Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var upstream = await service.AcceptAsync();
            await SendAsync(upstream, await ReadToEndAsync(upstream));
            upstream.Shutdown(SocketShutdown.Send);
        }));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            var bytes = RandomNumberGenerator.GetBytes(100_000);
            using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
            await SendAsync(client, bytes);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(bytes, await ReadToEndAsync(client));
        }));

        await serving;
        Assert.Equal(20, DirectRig.Count(visitor, Found));
    }

    [Fact]
    public async Task What_a_visit_leaves_behind_does_not_disturb_the_next_on_the_same_tunnel()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"));

        for (var i = 0; i < 40; i++)
        {
            await VisitAsync(visitor, service, 20_000);
        }

        Assert.Equal(40, DirectRig.Count(visitor, Found));
        Assert.DoesNotContain(visitor.LogLines, line => line.Contains("cannot be visited", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Operators_see_which_way_connections_go_and_why()
    {
        using var service = new StreamUpstream();
        await using var server = await DirectRig.StartServerAsync();
        await using var agent = await DirectRig.StartAgentAsync(server, service.Port, server.UdpPortOf("stun"));
        await using var visitor = await DirectRig.StartVisitorAsync(server.PortOf("tunnels"), server.UdpPortOf("stun"));
        Assert.Equal(JsonValueKind.Null, View(visitor.Component<TunnelVisitFilter>()).GetProperty("path").ValueKind);

        await VisitAsync(visitor, service, 1000);

        var (own, agents) = (View(visitor.Component<TunnelVisitFilter>()), View(agent.Component<TunnelSource>()).GetProperty("direct"));
        Assert.Equal(("xtcp", "direct", "found"), (own.GetProperty("type").GetString(), own.GetProperty("path").GetString(), own.GetProperty("reason").GetString()));
        Assert.Equal(("direct", 1), (agents.GetProperty("path").GetString(), agents.GetProperty("attempts_direct").GetInt32()));
    }

    [Theory]
    [InlineData("type: sudp", "type")]
    [InlineData("direct: { timeout: 1ms }", "between 100ms and 10s")]
    [InlineData("direct: { retry: 1ms }", "between 100ms and 1d")]
    [InlineData("direct: { stun: ['no server'] }", "no server like")]
    public async Task Options_that_make_no_sense_are_errors_of_the_configuration(string option, string problem)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => TestProxy.StartAsync(
            $$"""
            listeners:
              ssh:
                address: "127.0.0.1:0"
                protocols: []
                filters: [ { tunnel_visit: { server: server, visitor: "laptop:people:acme", service: apps/ssh, key: '{{VisitRig.Key}}', {{option}} } } ]
            clusters: { server: { endpoints: ["127.0.0.1:1"] } }
            """,
            components: [typeof(TunnelVisitFilter)]));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static JsonElement View(IAdminView view)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            view.WriteView(writer);
        }

        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }

    /// <summary>A visit from its begin to its end.</summary>
    private static async Task VisitAsync(TestProxy visitor, StreamUpstream service, int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        var before = Closed(visitor);
        using (var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh")))
        {
            using var upstream = await service.AcceptAsync();
            var received = ReadToEndAsync(upstream);
            await SendAsync(client, bytes);
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(bytes, await received);
            upstream.Shutdown(SocketShutdown.Send);
            Assert.Empty(await ReadToEndAsync(client));
        }

        await Poll.UntilAsync(() => Closed(visitor) - before == length, Patience);
    }

    private static long Closed(TestProxy visitor) => DirectRig.Count(visitor, "bytes path=direct direction=to_agent") + DirectRig.Count(visitor, "bytes path=relayed direction=to_agent");

    private static async Task EchoAsync(Socket client, Socket upstream)
    {
        await client.SendAsync("ask"u8.ToArray());
        var buffer = new byte[16];
        using var limit = new CancellationTokenSource(Patience);
        Assert.Equal("ask", Encoding.ASCII.GetString(buffer, 0, await upstream.ReceiveAsync(buffer, limit.Token)));
        await upstream.SendAsync("answer"u8.ToArray());
        Assert.Equal("answer", Encoding.ASCII.GetString(buffer, 0, await client.ReceiveAsync(buffer, limit.Token)));
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            at += await socket.SendAsync(bytes.AsMemory(at));
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var all = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
        {
            all.Write(buffer, 0, count);
        }

        return all.ToArray();
    }
}
