using System.Net.Sockets;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Services;
using FilterProxy.Filters.TcpRelay;
using FilterProxy.Filters.Tests.ReverseTunnel.Services;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>Two tenants whose nodes, clusters and services have the same names, at one server.</summary>
public sealed class TunnelTenantTests
{
    private static readonly string[] Tenants = ["acme", "other"];

    [Fact]
    public async Task Requests_of_two_tenants_with_the_same_names_never_mix()
    {
        await using var site = await TenantSite.StartAsync(Tenants);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            var tenant = Tenants[i % 2];
            var path = i % 4 < 2 ? "/" : "/by-id";
            return (tenant, (await site.GetAsync(tenant, path)).Text);
        }));

        Assert.All(answers, answer => Assert.Equal(answer.tenant, answer.Text));
    }

    [Fact]
    public async Task Streams_of_two_tenants_with_the_same_names_never_mix()
    {
        await using var site = await TenantSite.StartAsync(Tenants);
        for (var i = 0; i < 10; i++)
        {
            foreach (var tenant in Tenants)
            {
                foreach (var port in new[] { site.Server.PortOf($"{tenant}-db"), site.PortOf(tenant) })
                {
                    using var client = await StreamUpstream.ConnectAsync(port);
                    using var reached = await site.Services[tenant].AcceptAsync();
                    await client.SayAsync(tenant);
                    Assert.Equal(tenant, await reached.HearAsync(tenant.Length));
                }
            }
        }
    }

    [Fact]
    public async Task A_tenant_whose_agent_is_gone_is_served_by_nobody()
    {
        await using var site = await TenantSite.StartAsync(Tenants);
        await site.Agents["acme"].DisposeAsync();
        await Poll.UntilAsync(async () => (await site.GetAsync("acme", "/")).Status == 503);

        // A cluster of its own, which may hear of it later.
        await Poll.UntilAsync(async () => (await site.GetAsync("acme", "/by-id")).Status == 503);
        using var client = await StreamUpstream.ConnectAsync(site.Server.PortOf("acme-db"));
        await Assert.ThrowsAsync<SocketException>(() => client.HearAsync(1));
        Assert.Equal("other", (await site.GetAsync("other", "/")).Text);
        Assert.False(site.Services["other"].HasPending());
    }

    [Fact]
    public async Task A_host_of_one_tenants_service_is_not_to_be_had_by_the_route_of_another()
    {
        await using var site = await TenantSite.StartAsync(Tenants);

        Assert.Equal("other", (await site.GetAsync("other", "/service", "other.example")).Text);
        var foreign = await site.GetAsync("acme", "/service", "other.example");
        Assert.Equal((503, "tunnel_no_agent"), (foreign.Status, foreign.Headers["x-filterproxy-reason"]));
    }

    private sealed class TenantSite : IAsyncDisposable
    {
        private readonly List<TestUpstream> _origins = [];

        private TenantSite(TestProxy server) => Server = server;

        public TestProxy Server { get; }

        public Dictionary<string, TestProxy> Agents { get; } = [];

        public Dictionary<string, StreamUpstream> Services { get; } = [];

        public static async Task<TenantSite> StartAsync(string[] tenants)
        {
            var site = new TenantSite(await TestProxy.StartAsync(
                ServerConfig(tenants),
                components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(TunnelBalancer), typeof(TunnelServicesFilter), typeof(TcpRelayFilter)]));
            foreach (var tenant in tenants)
            {
                var (origin, service) = (TestUpstream.Start(_ => UpstreamResponse.Ok(tenant)), new StreamUpstream());
                site._origins.Add(origin);
                site.Services[tenant] = service;
                site.Agents[tenant] = await TestProxy.StartAsync(AgentConfig(tenant, site.Server.PortOf("tunnels"), origin.Port, service.Port), components: [typeof(TunnelSource)]);
            }

            foreach (var tenant in tenants)
            {
                await Poll.UntilAsync(async () => (await site.GetAsync(tenant, "/")).Status == 200, TimeSpan.FromSeconds(20));
                foreach (var cluster in new[] { "db", "id", "service" })
                {
                    await Poll.UntilAsync(() => site.Server.LogLines.Any(line => line.Contains($"Cluster '{tenant}-{cluster}' has 1 endpoint", StringComparison.Ordinal)));
                }
            }

            return site;
        }

        public async Task<RawResponse> GetAsync(string tenant, string path, string host = "app.example")
        {
            await using var client = await RawClient.ConnectAsync(Server.PortOf(tenant));
            return await client.RoundTripAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Agent: n1\r\n\r\n");
        }

        /// <summary>The port the server has given the tenant's service.</summary>
        public int PortOf(string tenant) => ServicesRig.PortOf(Agents[tenant], "db");

        public async ValueTask DisposeAsync()
        {
            foreach (var agent in Agents.Values)
            {
                await agent.DisposeAsync();
            }

            await Server.DisposeAsync();
            foreach (var origin in _origins)
            {
                await origin.DisposeAsync();
            }

            foreach (var service in Services.Values)
            {
                service.Dispose();
            }
        }

        private static string ServerConfig(string[] tenants) =>
            $$"""
            listeners:
              tunnels:
                address: "127.0.0.1:0"
                protocols: []
                filters:
                  - reverse_tunnel:
                      credentials: { anonymous: true }
                      services: { port_address: 127.0.0.1 }
                      access: { rules: [ { agents: ["*:*:acme", "*:*:other"], protocols: [http, tcp], hosts: ["*"], ports: [20000-29999] } ] }
            {{string.Join('\n', tenants.Select(ListenersOf))}}
            routes:
            {{string.Join('\n', tenants.Select(RoutesOf))}}
            clusters:
            {{string.Join('\n', tenants.Select(ClustersOf))}}
            """;

        private static string ListenersOf(string tenant) =>
            $$"""
              {{tenant}}: { address: "127.0.0.1:0" }
              {{tenant}}-db: { address: "127.0.0.1:0", protocols: [], filters: [ { tcp_relay: { cluster: {{tenant}}-db } } ] }
            """;

        private static string RoutesOf(string tenant) =>
            $$"""
              - { name: {{tenant}}-id, match: { listeners: [{{tenant}}], path: /by-id }, cluster: {{tenant}}-id }
              - { name: {{tenant}}-service, match: { listeners: [{{tenant}}], path: /service }, cluster: {{tenant}}-service, filters: [ { tunnel_services: {} } ] }
              - { name: {{tenant}}, match: { listeners: [{{tenant}}] }, cluster: {{tenant}} }
            """;

        private static string ClustersOf(string tenant) =>
            $$"""
              {{tenant}}: { endpoints: { reverse_tunnel: { tenant: {{tenant}}, cluster: apps } }, connector: reverse_tunnel }
              {{tenant}}-service: { endpoints: { reverse_tunnel: { tenant: {{tenant}} } }, connector: reverse_tunnel }
              {{tenant}}-id:
                endpoints: { reverse_tunnel: { tenant: {{tenant}} } }
                connector: reverse_tunnel
                load_balancer: { reverse_tunnel: { targets: [ { header: x-agent } ] } }
              {{tenant}}-db: { endpoints: { reverse_tunnel: { tenant: {{tenant}}, cluster: apps } }, connector: { reverse_tunnel: { service: db } } }
            """;

        private static string AgentConfig(string tenant, int server, int origin, int service) =>
            $$"""
            listeners:
              tunnel:
                source:
                  reverse_tunnel:
                    address: "rc://n1:apps:{{tenant}}@server:1"
                    services: [ { name: app, hosts: [{{tenant}}.example] }, { name: db, type: tcp, cluster: db } ]
            routes: [ { name: all, cluster: origin } ]
            clusters:
              server: { endpoints: ["127.0.0.1:{{server}}"] }
              origin: { endpoints: ["127.0.0.1:{{origin}}"] }
              db: { endpoints: ["127.0.0.1:{{service}}"] }
            """;
    }
}
