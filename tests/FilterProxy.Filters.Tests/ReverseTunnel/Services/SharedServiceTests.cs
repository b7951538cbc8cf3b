using System.Diagnostics;
using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;
using static FilterProxy.Filters.Tests.ReverseTunnel.Services.ServicesRig;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Services;

/// <summary>Services that several agents have, and what they may carry, through whole proxies.</summary>
public sealed class SharedServiceTests
{
    [Fact]
    public async Task Agents_of_a_group_share_requests_by_weight_whatever_their_clusters()
    {
        await using var one = TestUpstream.Start();
        await using var two = TestUpstream.Start();
        await using var server = await StartServerAsync();
        await using var first = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{one.Port}", "{ name: app, hosts: [app.example], group: web, weight: 3 }");
        await using var second = await StartAgentAsync(server, "n2", "more", $"127.0.0.1:{two.Port}", "{ name: site, hosts: [app.example], group: web }");
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        }

        Assert.Equal((12, 4), (one.Requests.Count, two.Requests.Count));
        await first.DisposeAsync();
        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 200);
        Assert.True(two.Requests.Count > 4);
    }

    [Fact]
    public async Task Agents_of_a_group_share_connections_to_its_port_by_weight()
    {
        using var one = new StreamUpstream();
        using var two = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var first = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{one.Port}", "{ name: db, type: tcp, group: db, cluster: origin }");
        var port = PortOf(first, "db");
        await using var second = await StartAgentAsync(server, "n2", "more", $"127.0.0.1:{two.Port}", $"{{ name: postgres, type: tcp, port: {port}, group: db, weight: 2, cluster: origin }}");
        var clients = new List<Socket>();
        for (var i = 0; i < 6; i++)
        {
            clients.Add(await StreamUpstream.ConnectAsync(port));
        }

        for (var i = 0; i < 2; i++)
        {
            (await one.AcceptAsync()).Dispose();
        }

        for (var i = 0; i < 4; i++)
        {
            (await two.AcceptAsync()).Dispose();
        }

        Assert.False(one.HasPending() || two.HasPending());
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("{ name: app, hosts: [app.example] }")]
    [InlineData("{ name: app, hosts: [app.example], group: other }")]
    [InlineData("{ name: web, hosts: [app.example] }")]
    public async Task Who_is_not_of_the_group_does_not_get_its_place(string service)
    {
        await using var origin = TestUpstream.Start();
        await using var server = await StartServerAsync();
        await using var first = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{origin.Port}", "{ name: app, hosts: [app.example], group: web }");
        await using var second = await StartAgentAsync(AgentConfig($"{server.PortOf("tunnels")}", "n2", "apps", $"127.0.0.1:{origin.Port}", service));

        await Poll.UntilAsync(() => second.LogLines.Any(line => line.Contains("409 tunnel_service_taken", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stream_is_as_fast_as_its_service_and_its_visitor_may_be()
    {
        const int Length = 24 * 1024;
        using var service = new StreamUpstream();
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(
            server, "n1", "apps", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin, rates: { download: 64KiB, visitor_upload: 48KiB } }");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        using var upstream = await service.AcceptAsync();

        var began = Stopwatch.GetTimestamp();
        await upstream.SendAsync(new byte[Length]);
        await client.HearAsync(Length);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(0.2));
        began = Stopwatch.GetTimestamp();
        await client.SendAsync(new byte[Length]);
        await upstream.HearAsync(Length);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(0.3));
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task Bodies_are_as_fast_as_their_service_and_their_visitor_may_be(TestTransport transport)
    {
        await using var origin = TestUpstream.Start(request => UpstreamResponse.Create(200, request.Body.Length > 0 ? [] : new byte[48 * 1024]));
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(
            server, "n1", "apps", $"127.0.0.1:{origin.Port}", "{ name: app, hosts: [app.example], rates: { upload: 128KiB, visitor_download: 128KiB } }");
        using var client = new HttpClient();
        async Task<TimeSpan> TakesAsync(HttpMethod method, byte[] body)
        {
            using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{server.Port}/")
            {
                Version = transport == TestTransport.H2c ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = body.Length > 0 ? new ByteArrayContent(body) : null,
            };
            request.Headers.Host = "app.example";
            var began = Stopwatch.GetTimestamp();
            using var response = await client.SendAsync(request);
            Assert.Equal(200, (int)response.StatusCode);
            return Stopwatch.GetElapsedTime(began);
        }

        Assert.True(await TakesAsync(HttpMethod.Get, []) > TimeSpan.FromSeconds(0.2));
        Assert.True(await TakesAsync(HttpMethod.Post, new byte[48 * 1024]) > TimeSpan.FromSeconds(0.2));
    }

    [Fact]
    public async Task What_services_have_carried_is_shown_and_counted()
    {
        using var service = new StreamUpstream();
        await using var origin = TestUpstream.Start(_ => UpstreamResponse.Ok("answer"));
        await using var server = await StartServerAsync();
        await using var web = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{origin.Port}", "{ name: app, hosts: [app.example] }");
        await using var stream = await StartAgentAsync(server, "n2", "dbs", $"127.0.0.1:{service.Port}", "{ name: db, type: tcp, cluster: origin }");
        Assert.Equal("answer", (await server.SendAsync("POST / HTTP/1.1\r\nHost: app.example\r\nContent-Length: 3\r\n\r\nask")).Text);
        using (var client = await StreamUpstream.ConnectAsync(PortOf(stream, "db")))
        {
            using var upstream = await service.AcceptAsync();
            await client.SayAsync("hello");
            await upstream.HearAsync(5);
            Assert.Equal(1, ViewOf(server, "db").GetProperty("clients").GetInt32());
            await upstream.SayAsync("yes");
            await client.HearAsync(3);
        }

        await Poll.UntilAsync(() => ViewOf(server, "db").GetProperty("clients_served").GetInt64() == 1 && ViewOf(server, "app").GetProperty("clients_served").GetInt64() == 1);
        foreach (var (name, cluster, up, down) in new[] { ("app", "apps", 3, 6), ("db", "dbs", 5, 3) })
        {
            var shown = ViewOf(server, name);
            Assert.Equal((1, 0, up, down), (
                shown.GetProperty("places").GetInt32(), shown.GetProperty("clients").GetInt32(), shown.GetProperty("bytes_to_agents").GetInt32(), shown.GetProperty("bytes_from_agents").GetInt32()));
            Assert.Equal(("acme", cluster), (shown.GetProperty("tenant").GetString(), shown.GetProperty("cluster").GetString()));
            Assert.Equal((up, down), (Counted(server, name, cluster, "to_agent"), Counted(server, name, cluster, "from_agent")));
        }

        var tenant = TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("tenants")[0];
        Assert.Equal(("acme", 2), (tenant.GetProperty("tenant").GetString(), tenant.GetProperty("agents").GetInt32()));
        Assert.True(tenant.GetProperty("bytes_to_agents").GetInt64() > 8 && tenant.GetProperty("bytes_from_agents").GetInt64() > 9);
        Assert.Equal(1, server.Counts["filterproxy.reverse_tunnel.service.clients tenant=acme cluster=apps service=app reason=via_upstream"]);
    }

    [Fact]
    public async Task Why_a_service_could_not_be_had_is_shown()
    {
        await using var server = await StartServerAsync();
        await using var agent = await StartAgentAsync(server, "n1", "apps", $"127.0.0.1:{UpstreamTests.DeadPort()}", "{ name: db, type: tcp, cluster: origin }");
        using var client = await StreamUpstream.ConnectAsync(PortOf(agent, "db"));
        await Assert.ThrowsAsync<SocketException>(() => client.HearAsync(1));

        await Poll.UntilAsync(() => ViewOf(server, "db").GetProperty("last_error").GetString() == "connection_refused, by acme/n1");
    }

    private static System.Text.Json.JsonElement ViewOf(TestProxy server, string service) =>
        TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("services").EnumerateArray().Single(shown => shown.GetProperty("service").GetString() == service);

    private static int Counted(TestProxy server, string service, string cluster, string direction) =>
        (int)server.Counts.GetValueOrDefault($"filterproxy.reverse_tunnel.service.bytes tenant=acme cluster={cluster} service={service} direction={direction}");
}
