using FilterProxy.ContractSketches.Tunnel;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Contract;

public sealed class TunnelTests
{
    private const string Get = "GET /through HTTP/1.1\r\nHost: a\r\n\r\n";

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task Requests_reach_an_agent_that_dialled_in(TestTransport transport)
    {
        await using var proxy = await StartAsync(transport);
        await using var agent = await DialAsync(proxy, "site-1");
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync(Get);
        Assert.Equal("GET /through HTTP/1.1", await agent.ReadLineAsync());
        await SkipHeadAsync(agent);
        await agent.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere");

        Assert.Equal("here", (await client.ReadResponseAsync()).Text);
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task An_agents_connection_serves_one_request_after_another(TestTransport transport)
    {
        await using var proxy = await StartAsync(transport);
        await using var agent = await DialAsync(proxy, "site-1");
        await using var client = await proxy.ConnectAsync();
        foreach (var answer in new[] { "one", "two" })
        {
            await client.SendAsync(Get);
            await SkipHeadAsync(agent);
            await agent.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{answer}");

            Assert.Equal(answer, (await client.ReadResponseAsync()).Text);
        }
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task Without_an_agent_there_is_no_endpoint(TestTransport transport)
    {
        await using var proxy = await StartAsync(transport);

        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.H2c)]
    public async Task An_agent_that_leaves_is_no_endpoint_any_more(TestTransport transport)
    {
        await using var proxy = await StartAsync(transport);
        await (await DialAsync(proxy, "site-1")).DisposeAsync();

        await Poll.UntilAsync(() => AgentsOf(proxy).Count == 0);
        Assert.Equal(503, (await proxy.SendAsync(Get)).Status);
    }

    [Fact]
    public async Task Agents_are_endpoints_by_name()
    {
        await using var proxy = await StartAsync(TestTransport.Sockets);
        await using var one = await DialAsync(proxy, "site-1");
        await using var two = await DialAsync(proxy, "site-2");

        Assert.Equal(["site-1", "site-2"], AgentsOf(proxy));
    }

    private static Task<TestProxy> StartAsync(TestTransport transport) => TestProxy.StartAsync(
        """
        listeners:
          web: { address: "127.0.0.1:0", protocols: [http1, http2] }
          agents: { address: "127.0.0.1:0", filters: [ sketch_tunnel_accept ] }
        routes: [ { name: all, cluster: sites } ]
        clusters:
          sites:
            endpoints: { sketch_tunnel: {} }
            connector: sketch_tunnel
        """,
        transport,
        typeof(TunnelAccept),
        typeof(TunnelEndpoints),
        typeof(TunnelConnector));

    private static async Task<RawClient> DialAsync(TestProxy proxy, string name)
    {
        var agent = await RawClient.ConnectAsync(proxy.PortOf("agents"));
        await agent.SendAsync($"AGENT {name}\r\n");
        await Poll.UntilAsync(() => AgentsOf(proxy).Contains(name));
        return agent;
    }

    private static List<string> AgentsOf(TestProxy proxy)
    {
        var names = new List<string>();
        foreach (var endpoint in proxy.Engine.Snapshot!.Clusters["sites"].Endpoints.Span)
        {
            names.Add(endpoint.Name);
        }

        return names;
    }

    private static async Task SkipHeadAsync(RawClient agent)
    {
        while (await agent.ReadLineAsync() is { Length: > 0 })
        {
        }
    }
}
