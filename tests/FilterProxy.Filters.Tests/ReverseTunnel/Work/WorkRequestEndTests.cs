using System.Text;
using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Agents;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.TcpRelay;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Work;

/// <summary>What becomes of requests over work connections when there are none, or either side stops, or an agent may have none any more.</summary>
public sealed class WorkRequestEndTests
{
    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "max_work_connections: 0")]
    public async Task Without_a_connection_the_answer_is_503_after_a_while(int work, string rule)
    {
        await using var origin = TestUpstream.Start();
        await using var server = await WorkRig.StartServerAsync(connector: "pending_timeout: 100ms", rule: rule);
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, work: work);

        var response = await server.SendAsync(TunnelRig.Get());

        Assert.Equal((503, "overloaded", 0), (response.Status, response.Headers["x-filterproxy-reason"], origin.Requests.Count));
    }

    [Fact]
    public async Task The_connections_an_agent_may_have_bound_the_requests_under_way()
    {
        var gate = new TaskCompletionSource();
        await using var origin = TestUpstream.Start(request => request.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok()) : UpstreamResponse.Ok());
        await using var server = await WorkRig.StartServerAsync(connector: "pending_timeout: 100ms", rule: "max_work_connections: 2");
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, work: 2);
        await WorkConnectionTests.WaitForIdleAsync(server, 2);
        var slow = Enumerable.Range(0, 2).Select(_ => server.SendAsync(TunnelRig.Get("/slow"))).ToList();
        await origin.WaitForRequestsAsync(2);

        Assert.Equal(503, (await server.SendAsync(TunnelRig.Get())).Status);
        gate.SetResult();

        Assert.All(await Task.WhenAll(slow), response => Assert.Equal(200, response.Status));
        Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
    }

    [Fact]
    public async Task Where_no_further_connection_is_to_be_had_requests_take_turns()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await WorkRig.StartServerAsync(rule: "max_work_connections: 2");
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, work: 2);
        await WorkConnectionTests.WaitForIdleAsync(server, 2);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => server.SendAsync(TunnelRig.Get())));

        Assert.All(answers, response => Assert.Equal(200, response.Status));
        Assert.Equal(2, WorkRig.OpenedAt(server));
    }

    [Fact]
    public async Task An_agent_that_does_not_know_requests_on_them_is_not_asked_for_ever()
    {
        await using var origin = TestUpstream.Start();

        // To the agent it is something that it does not know.
        using var link = new FrozenLink { Meddle = bytes => Replace(bytes.Span, "http - - -\n"u8, "htttp - -.\n"u8) };
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port, port: link.Start(server.PortOf("tunnels")));

        var response = await server.SendAsync(TunnelRig.Get());

        Assert.Equal((502, "connect_failed", 0), (response.Status, response.Headers["x-filterproxy-reason"], origin.Requests.Count));
        Assert.Contains("no tunnel_unknown_stream\n", Encoding.Latin1.GetString(link.Heard), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("protocol: h2c")]
    [InlineData("protocol: auto")]
    public async Task Another_protocol_than_they_carry_is_refused(string cluster)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => WorkRig.StartServerAsync(cluster: cluster));

        Assert.Contains("carries requests as HTTP/1.1", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")]
    public async Task No_request_fails_when_one_of_two_agents_stops(string request)
    {
        await using var origin = TestUpstream.Start();
        await using var server = await WorkRig.StartServerAsync();
        await using var staying = await WorkRig.StartAgentAsync(server, origin.Port);
        await using var leaving = await WorkRig.StartAgentAsync(server, origin.Port, "n2");
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(() => TunnelRig.AskAsync(server, request, stop.Token))).ToList();
        await origin.WaitForRequestsAsync(200);

        await leaving.StopAsync(TimeSpan.FromSeconds(10));
        var then = origin.Requests.Count;
        await origin.WaitForRequestsAsync(then + 200);
        await stop.CancelAsync();

        Assert.All((await Task.WhenAll(clients)).SelectMany(answers => answers), answer => Assert.True(answer == "200", answer));
    }

    [Fact]
    public async Task An_agent_that_stops_gets_no_more_requests_while_a_stream_of_its_tunnels_lasts()
    {
        using var service = new StreamUpstream();
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync(
            connector: "transport: work",
            listeners: "db: { address: \"127.0.0.1:0\", protocols: [], filters: [ { tcp_relay: { cluster: db } } ] }",
            clusters: "db: { endpoints: { reverse_tunnel: { tenant: acme, cluster: apps } }, connector: { reverse_tunnel: { service: db, transport: h2 } } }");
        await using var leaving = await TunnelRig.StartAgentAsync(
            server.PortOf("tunnels"), origin.Port, "n2", source: "work_connections: 2, tcp: { db: db }", clusters: $"db: {{ endpoints: [\"127.0.0.1:{service.Port}\"] }}");
        await TunnelRig.WaitUntilReachableAsync(server);
        using var client = await StreamRig.ConnectAsync(server);
        using var upstream = await service.AcceptAsync();
        await using var staying = await WorkRig.StartAgentAsync(server, origin.Port);

        var stopping = leaving.StopAsync(TimeSpan.FromSeconds(20));
        await WorkConnectionTests.WaitForIdleAsync(server, 2);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(200, (await server.SendAsync(TunnelRig.Get()).WaitAsync(TimeSpan.FromSeconds(3))).Status);
        }

        Assert.False(stopping.IsCompleted);
        client.Dispose();
        upstream.Dispose();
        await stopping;
    }

    [Fact]
    public async Task A_request_under_way_is_answered_when_its_agent_stops()
    {
        var gate = new TaskCompletionSource();
        await using var origin = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        var slow = server.SendAsync(TunnelRig.Get());
        await origin.WaitForRequestsAsync(1);

        var stopping = agent.StopAsync(TimeSpan.FromSeconds(20));
        await WorkConnectionTests.WaitForIdleAsync(server, 0);
        gate.SetResult();

        Assert.Equal("late", (await slow).Text);
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_agent_that_was_killed_is_used_again_when_it_is_back()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await WorkRig.StartServerAsync();
        var first = await WorkRig.StartAgentAsync(server, origin.Port);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.SendAsync(TunnelRig.Get())));

        await first.DisposeAsync();
        await using var second = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, source: "work_connections: 2");
        await TunnelRig.WaitUntilReachableAsync(server);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
        }
    }

    [Fact]
    public async Task A_request_that_has_come_when_the_server_stops_still_finds_the_way()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TestProxy.StartAsync(
            TunnelRig.Server(connector: "transport: work").Replace("cluster: apps } ]", "cluster: apps, filters: [ { gate: {} } ] } ]", StringComparison.Ordinal),
            components: [typeof(TunnelServerFilter), typeof(TunnelEndpoints), typeof(TunnelConnector), typeof(Gate)]);
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        var late = server.SendAsync(TunnelRig.Get("/late"));
        await Gate.Entered.Task;

        var stopping = server.StopAsync(TimeSpan.FromSeconds(20));
        await WorkConnectionTests.WaitForIdleAsync(server, 0);
        Gate.Opened.SetResult();

        Assert.Equal(200, (await late).Status);
        await stopping.WaitAsync(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task An_agent_that_may_have_none_any_more_loses_those_it_has()
    {
        await using var origin = TestUpstream.Start(request => request.Target == "/never" ? UpstreamResponse.Never() : UpstreamResponse.Ok());
        await using var server = await WorkRig.StartServerAsync();
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);
        var underWay = server.SendAsync(TunnelRig.Get("/never"));
        await origin.WaitForRequestsAsync(1);

        Assert.Equal("", await server.ReloadAsync(TunnelRig.Server(connector: "transport: work", agents: "other:*:acme")));

        Assert.Equal(502, (await underWay.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        await Poll.UntilAsync(() => AgentOf(server) is var shown && shown.GetProperty("work_connections_used").GetInt32() + shown.GetProperty("work_connections_idle").GetInt32() == 0);
        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 503);
    }

    [Fact]
    public async Task A_health_check_asks_over_them_as_well()
    {
        await using var origin = TestUpstream.Start(request => request.Target == "/health" ? UpstreamResponse.Create(500) : UpstreamResponse.Ok());
        await using var server = await WorkRig.StartServerAsync(cluster: "health_check: { check: { http: { path: /health } }, interval: 100ms, unhealthy_after: 1 }, panic_threshold: 0");
        await using var agent = await WorkRig.StartAgentAsync(server, origin.Port);

        await Poll.UntilAsync(async () => (await server.SendAsync(TunnelRig.Get())).Status == 503);

        Assert.Contains(origin.Requests, request => request.Target == "/health");
    }

    private static JsonElement AgentOf(TestProxy server) => TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents")[0];

    private static void Replace(Span<byte> bytes, ReadOnlySpan<byte> what, ReadOnlySpan<byte> by)
    {
        if (bytes.IndexOf(what) is >= 0 and var at)
        {
            by.CopyTo(bytes[at..]);
        }
    }

    [Component("gate")]
    internal sealed class Gate : IRequestFilter
    {
        public static TaskCompletionSource Entered { get; } = new();

        public static TaskCompletionSource Opened { get; } = new();

        public async ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
        {
            if (exchange.Request.Path.SequenceEqual("/late"u8))
            {
                Entered.SetResult();
                await Opened.Task;
            }

            return FilterStatus.Continue;
        }
    }
}
