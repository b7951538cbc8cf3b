using System.Text;
using System.Text.Json;
using FilterProxy.Filters.ReverseTunnel.Agent;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Filters.Tests.ReverseTunnel.Server;

/// <summary>What operators see of tunnels.</summary>
public sealed class TunnelViewTests
{
    [Fact]
    public async Task An_agent_is_shown_with_what_it_has_done_and_stays_when_it_is_gone()
    {
        await using var origin = TestUpstream.Start();
        await using var server = await TunnelRig.StartServerAsync();
        var agent = await TunnelRig.StartAgentAsync(server.PortOf("tunnels"), origin.Port, source: "labels: { zone: a }", count: 2);
        await TunnelRig.WaitForTunnelsAsync(server, 2);
        await TunnelRig.WaitUntilReachableAsync(server);

        var shown = View<TunnelServerFilter>(server).GetProperty("agents")[0];
        Assert.Equal("n1 apps acme", $"{shown.GetProperty("node")} {shown.GetProperty("cluster")} {shown.GetProperty("tenant")}");
        Assert.True(shown.GetProperty("connected").GetBoolean());
        Assert.Equal("a", shown.GetProperty("labels").GetProperty("zone").GetString());
        Assert.Equal(2, shown.GetProperty("connections").GetArrayLength());
        Assert.True(shown.GetProperty("streams_served").GetInt64() > 0);
        Assert.True(shown.GetProperty("bytes_to_agent").GetInt64() > 0);
        Assert.Equal(2, View<TunnelSource>(agent).GetProperty("servers")[0].GetProperty("connections").GetInt32());

        await agent.DisposeAsync();
        await Poll.UntilAsync(() => !View<TunnelServerFilter>(server).GetProperty("agents")[0].GetProperty("connected").GetBoolean());
        Assert.Equal("client_closed", View<TunnelServerFilter>(server).GetProperty("agents")[0].GetProperty("last_error").GetString());
    }

    [Fact]
    public async Task A_return_the_way_to_an_agent_and_what_went_wrong_are_shown_at_both_ends()
    {
        await using var origin = TestUpstream.Start();
        var server = await TunnelRig.StartServerAsync();
        var port = server.PortOf("tunnels");
        var first = await TunnelRig.StartAgentAsync(port, origin.Port);
        await TunnelRig.WaitUntilReachableAsync(server);
        Assert.True(AgentOf(server).GetProperty("connections")[0].GetProperty("round_trip_ms").GetDouble() > 0);
        Assert.Equal((0, null), (AgentOf(server).GetProperty("reconnects").GetInt32(), AgentOf(server).GetProperty("last_error").GetString()));
        await first.DisposeAsync();
        await Poll.UntilAsync(() => !AgentOf(server).GetProperty("connected").GetBoolean());
        await using var second = await TunnelRig.StartAgentAsync(port, origin.Port);
        await TunnelRig.WaitForTunnelsAsync(server, 2);

        Assert.Equal((1, "client_closed"), (AgentOf(server).GetProperty("reconnects").GetInt32(), AgentOf(server).GetProperty("last_error").GetString()));
        await server.DisposeAsync();
        await Poll.UntilAsync(() => ServerOf(second).GetProperty("connections").GetInt32() == 0 && ServerOf(second).GetProperty("redials").GetInt32() > 0);
        Assert.NotNull(ServerOf(second).GetProperty("last_error").GetString());

        static JsonElement AgentOf(TestProxy proxy) => View<TunnelServerFilter>(proxy).GetProperty("agents")[0];
        static JsonElement ServerOf(TestProxy proxy) => View<TunnelSource>(proxy).GetProperty("servers")[0];
    }

    internal static JsonElement View<T>(TestProxy proxy)
        where T : IAdminView
    {
        using var output = new MemoryStream();
        using (var writer = new Utf8JsonWriter(output))
        {
            proxy.Component<T>().WriteView(writer);
        }

        return JsonDocument.Parse(Encoding.UTF8.GetString(output.ToArray())).RootElement;
    }
}
