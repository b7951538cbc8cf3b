using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using FilterProxy.Filters.Tests.Programs;
using FilterProxy.Filters.Tests.ReverseTunnel.Agents;
using FilterProxy.Filters.Tests.ReverseTunnel.Udp;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.Filters.Tests.UdpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Secret;

/// <summary>Visitors and the secret services they reach, through three whole proxies.</summary>
public sealed class TunnelVisitTests
{
    [Fact]
    public async Task Bytes_go_both_ways_and_each_end_by_itself()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();

        await client.SendAsync("ask"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("ask", await ReadToEndAsync(upstream));
        await upstream.SendAsync("answer after the end"u8.ToArray());
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer after the end", await ReadToEndAsync(client));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_of_one_side_reaches_the_other(bool byClient)
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();
        var (one, other) = byClient ? (client, upstream) : (upstream, client);
        await one.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await other.ReceiveAsync(new byte[1]));

        one.LingerState = new LingerOption(true, 0);
        one.Close();

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(other));
    }

    [Fact]
    public async Task Ten_megabytes_are_whole_in_both_directions_at_once()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();
        var (up, down) = (RandomNumberGenerator.GetBytes(10_000_000), RandomNumberGenerator.GetBytes(10_000_000));

        var received = await Task.WhenAll(ReceiveAsync(upstream, up.Length), ReceiveAsync(client, down.Length), SendAsync(client, up), SendAsync(upstream, down));

        Assert.True(up.AsSpan().SequenceEqual(received[0]) && down.AsSpan().SequenceEqual(received[1]));
    }

    [Fact]
    public async Task The_server_hears_nothing_of_what_is_said()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        using var between = new FrozenLink();
        await using var visitor = await VisitRig.StartVisitorAsync(between.Start(server.PortOf("tunnels")));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();

        await client.SendAsync("what nobody else may know"u8.ToArray());
        Assert.Equal("what nobody", Encoding.ASCII.GetString(await ReceiveAsync(upstream, 11)));

        var heard = Encoding.Latin1.GetString(between.Heard);
        Assert.Contains("x-filterproxy-tunnel-visit: apps/ssh", heard, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("what nobody", heard, StringComparison.Ordinal);
        Assert.DoesNotContain(VisitRig.Key, heard, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Datagrams_of_each_client_go_there_and_back_whatever_their_size()
    {
        await using var echo = new UdpEcho();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, 1, echo.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = new UdpPeer();
        using var other = new UdpPeer();
        Assert.Equal("one", await UdpRig.AskAsync(client, visitor.UdpPortOf("dns"), "one"));
        Assert.Equal("two", await UdpRig.AskAsync(other, visitor.UdpPortOf("dns"), "two"));
        foreach (var length in new[] { 0, 1400, 65_507 })
        {
            var datagram = RandomNumberGenerator.GetBytes(length);

            await client.SendAsync(visitor.UdpPortOf("dns"), datagram);

            Assert.Equal(datagram, (await client.ReceiveAsync()).Bytes);
        }

        Assert.Equal(2, UdpRig.Count(visitor, "active"));
    }

    [Fact]
    public async Task A_visitor_with_another_key_reaches_nothing()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"), VisitRig.OtherKey);
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(client));

        await WaitForLineAsync(visitor, "apps/ssh cannot be visited by laptop:people:acme: tunnel_secret_mismatch");
        await WaitForLineAsync(agent, "A visitor of ssh at 127.0.0.1");
        Assert.False(service.HasPending());
    }

    [Theory]
    [InlineData("visits: []", "laptop:people:acme", "403 tunnel_visit_denied")]
    [InlineData("visits: ['apps/dns', 'other/ssh']", "laptop:people:acme", "403 tunnel_visit_denied")]
    [InlineData("visits: ['apps/*']", "laptop:strangers:acme", "403 tunnel_denied")]
    [InlineData("visits: ['*/*']", "laptop:people:nobodys", "404 tunnel_visit_unknown")]
    [InlineData("visits: ['apps/*'], max_visits: 0", "laptop:people:acme", "429 tunnel_over_limit")]
    public async Task Who_may_not_visit_a_service_is_refused_by_the_server(string rule, string who, string reason)
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync(rule);
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"), visitor: who);
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(client));

        await WaitForLineAsync(visitor, $"cannot be visited by {who}: {reason}");
    }

    [Fact]
    public async Task A_service_of_the_same_name_is_found_in_the_visitors_own_tenant()
    {
        using var own = new StreamUpstream();
        using var others = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var first = await VisitRig.StartAgentAsync(server, others.Port, agent: "n1:apps:other");
        await using var second = await VisitRig.StartAgentAsync(server, own.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));

        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await own.AcceptAsync();

        Assert.False(others.HasPending());
    }

    [Fact]
    public async Task Visits_that_a_reload_allows_no_more_are_cut()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
        using var upstream = await service.AcceptAsync();

        Assert.Equal("", await server.ReloadAsync(VisitRig.Server("visits: []")));

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(client));
    }

    [Fact]
    public async Task A_service_that_is_down_is_said_to_be()
    {
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, UpstreamTests.DeadPort());
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));
        using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(client));

        await WaitForLineAsync(visitor, "cannot be visited by laptop:people:acme: connection_refused");
    }

    [Fact]
    public async Task A_visitor_asks_the_next_server_when_one_is_down()
    {
        using var service = new StreamUpstream();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, service.Port);
        await using var visitor = await TestProxy.StartAsync(
            $$"""
            listeners:
              ssh:
                address: "127.0.0.1:0"
                protocols: []
                filters: [ { tunnel_visit: { service: apps/ssh, server: server, visitor: "laptop:people:acme", key: "{{VisitRig.Key}}" } } ]
            clusters: { server: { endpoints: ["127.0.0.1:{{UpstreamTests.DeadPort()}}", "127.0.0.1:{{server.PortOf("tunnels")}}"] } }
            """,
            components: [typeof(Filters.ReverseTunnel.Secret.TunnelVisitFilter)]);
        for (var i = 0; i < 2; i++)
        {
            using var client = await StreamUpstream.ConnectAsync(visitor.PortOf("ssh"));
            using var upstream = await service.AcceptAsync();
        }
    }

    [ProgramFact("sshd", "ssh", "scp", "ssh-keygen")]
    public async Task Ssh_and_scp_reach_an_sshd_that_has_no_public_port()
    {
        await using var sshd = await SshServer.StartAsync();
        await using var server = await VisitRig.StartServerAsync();
        await using var agent = await VisitRig.StartAgentAsync(server, sshd.Port);
        await using var visitor = await VisitRig.StartVisitorAsync(server.PortOf("tunnels"));

        Assert.Contains("hello", await sshd.RunAsync(visitor.PortOf("ssh"), "echo hello"), StringComparison.Ordinal);
        await sshd.CopyThereAndBackAsync(visitor.PortOf("ssh"), 2_000_000);
    }

    [Theory]
    [InlineData("visitor: 'laptop:acme'", "node:cluster:tenant")]
    [InlineData("visitor: 'laptop:people:'", "tenant is empty")]
    [InlineData("service: ssh", "cluster/service")]
    [InlineData("key: short", "shorter than 32 bytes")]
    [InlineData("server: nowhere", "nowhere")]
    [InlineData("connect_timeout: 1ms", "between 10ms")]
    public async Task Options_that_make_no_sense_are_errors_of_the_configuration(string option, string problem)
    {
        var options = new Dictionary<string, string>
        {
            ["server"] = "server", ["visitor"] = "'laptop:people:acme'", ["service"] = "apps/ssh", ["key"] = $"'{VisitRig.Key}'",
        };
        options[option.Split(": ")[0]] = option.Split(": ", 2)[1];
        var text = string.Join(", ", options.Select(pair => $"{pair.Key}: {pair.Value}"));
        foreach (var ports in new[]
        {
            $$"""listeners: { ssh: { address: "127.0.0.1:0", protocols: [], filters: [ { tunnel_visit: { {{text}} } } ] } }""",
            $$"""
            listeners: {}
            udp_listeners: { dns: { address: "127.0.0.1:0", service: { tunnel_visit: { {{text}} } } } }
            """,
        })
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => TestProxy.StartAsync(
                ports + "\nclusters: { server: { endpoints: ['127.0.0.1:1'] } }",
                components: [typeof(Filters.ReverseTunnel.Secret.TunnelVisitFilter), typeof(Filters.ReverseTunnel.Secret.TunnelVisitService)]));

            Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        }
    }

    private static Task WaitForLineAsync(TestProxy proxy, string text) =>
        Poll.UntilAsync(() => proxy.LogLines.Any(line => line.Contains(text, StringComparison.Ordinal)), TimeSpan.FromSeconds(20), text);

    private static async Task<byte[]> SendAsync(Socket socket, byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            at += await socket.SendAsync(bytes.AsMemory(at));
        }

        return bytes;
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, int length)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            var count = await socket.ReceiveAsync(bytes.AsMemory(at), limit.Token);
            Assert.NotEqual(0, count);
            at += count;
        }

        return bytes;
    }

    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        var buffer = new byte[1024];
        int count;
        while ((count = await socket.ReceiveAsync(buffer, limit.Token)) > 0)
        {
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
