using System.Net.Sockets;
using System.Text;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>What agents have the server make reachable, through two whole proxies.</summary>
public sealed class TunnelServicesTests
{
    [Fact]
    public async Task A_request_goes_to_the_agent_whose_service_has_its_host_and_path()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var server = await StartServerAsync();
        await using var first = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{one.Port}", "{ name: app, hosts: [app.example], subdomain: sub }");
        await using var second = await StartAgentAsync(server, "n2", "more", $"127.0.0.1:{two.Port}", "{ name: api, hosts: [app.example, '*.wild.example'], path: /api }");
        foreach (var (host, path, status) in new[]
        {
            ("app.example", "/", 200), ("app.example:8080", "/apis", 200), ("app.example", "/api/a", 200), ("a.wild.example", "/api", 200), ("a.wild.example", "/", 404),
            ("sub.tunnels.example", "/s", 200), ("other.example", "/", 404),
        })
        {
            Assert.Equal((host, path, status), (host, path, (await server.SendAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status));
        }

        Assert.Equal(["/", "/apis", "/s"], one.Requests.Select(request => request.Target));
        Assert.Equal(["/api/a", "/api"], two.Requests.Select(request => request.Target));
    }

    [Fact]
    public async Task Agents_of_a_cluster_share_a_service_and_the_last_one_takes_it_along()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var server = await StartServerAsync();
        var first = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{one.Port}", "{ name: app, hosts: [app.example] }");
        var second = await StartAgentAsync(server, "n2", "apps", $"127.0.0.1:{two.Port}", "{ name: app, hosts: [app.example] }");
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        }

        Assert.Equal((5, 5), (one.Requests.Count, two.Requests.Count));
        await first.DisposeAsync();
        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 200);
        await second.DisposeAsync();
        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())) is { Status: 404 } gone && gone.Headers["x-filterproxy-reason"] == "tunnel_no_service");
    }

    [Fact]
    public async Task A_tcp_service_has_a_port_at_the_server_and_each_end_goes_by_itself()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        using var upstream = await service.AcceptAsync();

        await client.SendAsync("ask"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("ask", await ReadToEndAsync(upstream));
        await upstream.SendAsync("answer after the end"u8.ToArray());
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal("answer after the end", await ReadToEndAsync(client));
    }

    [Fact]
    public async Task A_reset_of_a_tcp_service_reaches_its_client()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        var upstream = await service.AcceptAsync();
        await client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await upstream.ReceiveAsync(new byte[1]));

        upstream.LingerState = new LingerOption(true, 0);
        upstream.Close();

        await Assert.ThrowsAsync<SocketException>(async () => await ReadToEndAsync(client));
    }

    [Fact]
    public async Task Tls_goes_as_it_is_to_the_agent_whose_service_has_the_name()
    {
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: tls, type: https, hosts: ['*.tls.example'], cluster: origin }");
        var hello = ClientHello.Make("a.tls.example");
        using var client = await StreamUpstream.ConnectAsync(server.PortOf("tls"));

        await client.SendAsync(hello);
        using var upstream = await service.AcceptAsync();
        var got = new byte[hello.Length];
        await upstream.ReceiveAsync(got);
        await upstream.SendAsync("as it is"u8.ToArray());
        upstream.Shutdown(SocketShutdown.Send);

        Assert.Equal(hello, got);
        Assert.Equal("as it is", await ReadToEndAsync(client));
    }

    [Theory]
    [InlineData("{ name: db, type: tcp }", "cluster says where")]
    [InlineData("{ name: db, type: tcp, cluster: origin, hosts: [a] }", "no hosts")]
    [InlineData("{ name: app }", "hosts or subdomain")]
    [InlineData("{ name: app, hosts: [a], cluster: origin }", "no effect")]
    [InlineData("{ name: app, hosts: [a], port: 1 }", "only tcp and udp")]
    [InlineData("{ name: dns, type: udp }", "cluster says where")]
    [InlineData("{ name: dns, type: udp, cluster: origin, hosts: [a] }", "a udp service has no hosts")]
    [InlineData("{ name: ssh, type: stcp, cluster: origin }", "key says who")]
    [InlineData("{ name: ssh, type: xtcp, cluster: origin }", "key says who")]
    [InlineData("{ name: ssh, type: xtcp, cluster: origin, key: 0123456789abcdef0123456789abcdef, group: a }", "group has no effect")]
    [InlineData("{ name: ssh, type: sudp, cluster: origin, key: short }", "shorter than 32")]
    [InlineData("{ name: ssh, type: stcp, key: 0123456789abcdef0123456789abcdef }", "cluster says where")]
    [InlineData("{ name: ssh, type: stcp, cluster: origin, key: 0123456789abcdef0123456789abcdef, port: 1 }", "only tcp and udp")]
    [InlineData("{ name: ssh, type: tcp, cluster: origin, key: 0123456789abcdef0123456789abcdef }", "only stcp, sudp and xtcp")]
    [InlineData("{ name: app, type: https, hosts: [a], cluster: origin, path: /a }", "only http")]
    [InlineData("{ name: a b, hosts: [a] }", "letters, digits")]
    [InlineData("{ name: app, hosts: ['a b'] }", "no host name")]
    [InlineData("{ name: app, hosts: [a] }, { name: app, hosts: [b] }", "there twice")]
    [InlineData("{ name: app, hosts: [a], weight: 0 }", "between 1 and 100")]
    [InlineData("{ name: app, hosts: [a], weight: 101 }", "between 1 and 100")]
    [InlineData("{ name: app, hosts: [a], group: 'a*' }", "letters, digits")]
    [InlineData("{ name: app, hosts: [a], rates: { upload: 1023 } }", "at least 1KiB")]
    [InlineData("{ name: app, hosts: [a], rates: { visitor_download: 0 } }", "at least 1KiB")]
    public async Task A_service_that_cannot_be_is_an_error_of_the_configuration(string services, string problem)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => StartAgentAsync(AgentConfig("1", "n1", "apps", "127.0.0.1:1", services)));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
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
