using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>Requests that name the agent they are for.</summary>
public sealed class TunnelBalancerTests
{
    private const string Targets = "load_balancer: { reverse_tunnel: { targets: [ { header: x-agent }, { path: \"^/agents/([^/]+)/\" }, { id: n1 } ] } }";

    [Theory]
    [InlineData("/", "X-Agent: n2", "n2")]
    [InlineData("/agents/n2/x?q", "X-Other: n1", "n2")]
    [InlineData("/agents/n2/x", "X-Agent: n1", "n1")]
    [InlineData("/", "X-Other: n2", "n1")]
    public async Task The_first_target_that_finds_an_id_decides(string path, string field, string expected)
    {
        await using var rig = await StartAsync();

        Assert.Equal(expected, (await rig.Server.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n")).Text);
    }

    [Fact]
    public async Task The_nodes_of_a_cluster_take_turns()
    {
        await using var rig = await StartAsync();
        var answers = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            answers.Add((await rig.Server.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Agent: apps\r\n\r\n")).Text);
        }

        Assert.Equal(["n1", "n1", "n2", "n2"], answers.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("N1")]
    [InlineData("n1:apps")]
    [InlineData("acme/n1")]
    public async Task Of_an_id_that_nobody_has_nobody_else_hears(string id)
    {
        await using var rig = await StartAsync();

        Assert.Equal(503, (await rig.Server.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Agent: {id}\r\n\r\n")).Status);
        Assert.Contains(rig.Server.LogLines, line => line.Contains("No agent is there for id", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_its_agent_is_gone_a_request_goes_to_no_other()
    {
        await using var rig = await StartAsync();
        await rig.Two.DisposeAsync();

        await Poll.UntilAsync(async () => (await rig.Server.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Agent: n2\r\n\r\n")) is { Status: var status, Text: not "n1" } && status == 503);
    }

    [Theory]
    [InlineData("targets: []", "targets are missing")]
    [InlineData("targets: [ { header: a, id: b } ]", "one of header, path, server_name, metadata, remote_address, format and id says where to look")]
    [InlineData("targets: [ { path: \"^/a\" } ]", "'^/a' must have one group, which is the id")]
    [InlineData("targets: [ { metadata: a } ]", "must be namespace:key")]
    public async Task A_target_that_cannot_work_is_refused(string options, string problem)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => TunnelRig.StartServerAsync(cluster: $"load_balancer: {{ reverse_tunnel: {{ {options} }} }}"));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private static async Task<Rig> StartAsync()
    {
        var (one, two) = (TestUpstream.Start(_ => UpstreamResponse.Ok("n1")), TestUpstream.Start(_ => UpstreamResponse.Ok("n2")));
        var server = await TunnelRig.StartServerAsync(cluster: Targets);
        var rig = new Rig(
            server, await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), one.Port), await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), two.Port, "n2"), [one, two]);
        foreach (var node in new[] { "n1", "n2" })
        {
            await Poll.UntilAsync(async () => (await server.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Agent: {node}\r\n\r\n")).Text == node);
        }

        return rig;
    }

    private sealed record Rig(TestProxy Server, TestProxy One, TestProxy Two, IReadOnlyList<TestUpstream> Origins) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await One.DisposeAsync();
            await Two.DisposeAsync();
            await Server.DisposeAsync();
            foreach (var origin in Origins)
            {
                await origin.DisposeAsync();
            }
        }
    }
}
