using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.Tests.ReverseTunnel.Server;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Agents;

/// <summary>How many connections an agent has, and how old they become.</summary>
public sealed class TunnelConnectionTests
{
    [Fact]
    public async Task A_busy_agent_has_one_connection_more_and_gives_it_up_again()
    {
        var gate = new TaskCompletionSource();
        await using var origin = Origin(gate);
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(
            server.PortOf("tunnels"), origin.Port, source: "max_connections: 2, streams_per_connection: 2, connection_idle_timeout: 100ms");
        await TunnelRig.WaitUntilReachableAsync(server);

        var requests = Enumerable.Range(0, 6).Select(_ => server.SendAsync(TunnelRig.Get("/slow"))).ToList();
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        Assert.Equal(2, ConnectionsOf(server));
        gate.SetResult();

        Assert.All(await Task.WhenAll(requests), answer => Assert.Equal(200, answer.Status));
        await Poll.UntilAsync(() => ConnectionsOf(server) == 1);
        Assert.Equal(200, (await server.SendAsync(TunnelRig.Get())).Status);
    }

    [Fact]
    public async Task An_agent_has_no_more_connections_than_it_is_to_have()
    {
        var gate = new TaskCompletionSource();
        await using var origin = Origin(gate);
        await using var server = await TunnelRig.StartServerAsync();
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, count: 2, source: "max_connections: 2, streams_per_connection: 1");
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await TunnelRig.WaitUntilReachableAsync(server);
        var before = origin.Requests.Count;

        var requests = Enumerable.Range(0, 8).Select(_ => server.SendAsync(TunnelRig.Get("/slow"))).ToList();
        await origin.WaitForRequestsAsync(before + 8);
        gate.SetResult();
        await Task.WhenAll(requests);

        Assert.Equal(2, server.LogLines.Count(line => line.Contains("has a tunnel", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Old_connections_are_replaced_and_no_request_that_may_be_repeated_fails()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync(handshake: "ping_timeout: 2s");
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, source: "connection_lifetime: 500ms");
        await TunnelRig.WaitUntilReachableAsync(server);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(() => TunnelRig.AskAsync(server, TunnelRig.Get(), stop.Token))).ToList();

        await Poll.UntilAsync(() => server.LogLines.Count(line => line.Contains("has ended: client_closed", StringComparison.Ordinal)) >= 2, TimeSpan.FromSeconds(30));
        await stop.CancelAsync();

        Assert.All((await Task.WhenAll(clients)).SelectMany(answers => answers), answer => Assert.True(answer == "200", answer));
    }

    [Fact]
    public async Task A_request_may_take_longer_than_its_connection_may_be_old()
    {
        var gate = new TaskCompletionSource();
        await using var origin = Origin(gate);
        await using var server = await TunnelRig.StartServerAsync(handshake: "ping_timeout: 1s");
        await using var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, source: "connection_lifetime: 150ms");
        await TunnelRig.WaitUntilReachableAsync(server);
        var asked = origin.Requests.Count;
        var slow = server.SendAsync(TunnelRig.Get("/slow"));
        await origin.WaitForRequestsAsync(asked + 1);

        await TunnelRig.WaitForTunnelsAsync(server, server.LogLines.Count(line => line.Contains("has a tunnel", StringComparison.Ordinal)) + 10);
        gate.SetResult();

        Assert.Equal("late", (await slow).Text);
    }

    [Theory]
    [InlineData("max_connections: 1", "must be 0, or at least the 2 of the address")]
    [InlineData("streams_per_connection: 0", "must be between 1 and 1000000")]
    [InlineData("connection_lifetime: 1ms", "must be between 100ms and 30d, or off")]
    [InlineData("connection_idle_timeout: 1ms", "must be between 10ms and 1h")]
    public async Task What_makes_no_sense_is_refused(string source, string problem)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => TunnelRig.StartAgentAsync(1, 1, count: 2, source: source));

        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
    }

    private static TestUpstream Origin(TaskCompletionSource gate) =>
        TestUpstream.Start(request => request.Target == "/slow" ? UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")) : UpstreamResponse.Ok());

    private static int ConnectionsOf(TestProxy server) => TunnelViewTests.View<TunnelServerFilter>(server).GetProperty("agents")[0].GetProperty("connections").GetArrayLength();
}
