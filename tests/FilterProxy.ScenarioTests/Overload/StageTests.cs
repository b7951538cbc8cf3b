using System.Net.Sockets;
using FilterProxy.Core.Overload;
using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Overload;

/// <summary>What clients see of the stages. One is brought about by marks on memory that every process is over, and left by turning them off.</summary>
public sealed class StageTests : Scenario
{
    private const string Low = "GET /low HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Off = "overload: { enabled: off }";

    [Theory]
    [MemberData(nameof(FewTransports))]
    public async Task Low_priority_is_refused_with_a_reason_and_everybody_else_is_served(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();
        await EnterAsync(proxy, upstream, "shed: 1, close: 0, refuse: 0", OverloadStage.Shed);

        var refused = await client.RoundTripAsync(Low);
        Assert.Equal((503, "7", "overload_low_priority"), (refused.Status, refused.Headers["retry-after"], refused.Headers["x-filterproxy-reason"]));
        Assert.Equal("LocalReply, OverloadManager", refused.Headers["x-flags"]);
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        Assert.Equal(503, (await client.RoundTripAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Rank: low\r\n\r\n")).Status);
        Assert.Equal(200, (await client.RoundTripAsync("GET /low HTTP/1.1\r\nHost: a\r\nX-Rank: high\r\n\r\n")).Status);
        Assert.Equal(503, (await client.RoundTripAsync("GET /low HTTP/1.1\r\nHost: a\r\nX-Rank: highest\r\n\r\n")).Status);

        Assert.Equal(3, proxy.Counts["filterproxy.overload.shed reason=overload_low_priority priority=low"]);
        Assert.Equal(3, proxy.Counts["filterproxy.limit.reached limit=overload.shed"]);
        Assert.Single(proxy.LogLines, line => line.Contains("a request of low priority on route 'low' is refused: overload_low_priority", StringComparison.Ordinal));
        Assert.Equal(2, upstream.Requests.Count);
    }

    [Fact]
    public async Task A_grpc_client_is_told_that_it_may_come_again()
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream);
        await EnterAsync(proxy, upstream, "shed: 1, close: 0, refuse: 0", OverloadStage.Shed);

        var refused = await proxy.SendAsync("POST /low HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n");

        // UNAVAILABLE
        Assert.Equal((200, "14"), (refused.Status, refused.Headers["grpc-status"]));
    }

    [Theory]
    [InlineData(TestTransport.Sockets)]
    [InlineData(TestTransport.Direct)]
    [InlineData(TestTransport.Tls)]
    public async Task Connections_end_with_their_current_request_and_new_ones_are_taken(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Null((await client.RoundTripAsync(Get)).Headers["connection"]);
        await EnterAsync(proxy, upstream, "shed: 0, close: 1, refuse: 0", OverloadStage.Close);

        var last = await client.RoundTripAsync(Get);

        Assert.Equal((200, "close"), (last.Status, last.Headers["connection"]));
        Assert.True(await client.IsClosedByPeerAsync());
        Assert.Equal("close", (await proxy.SendAsync(Get)).Headers["connection"]);
        Assert.Equal(2, proxy.Counts["filterproxy.limit.reached limit=overload.close"]);

        await LeaveAsync(proxy, upstream);
        Assert.Null((await proxy.SendAsync(Get)).Headers["connection"]);
    }

    [Theory]
    [InlineData(TestTransport.H2c)]
    [InlineData(TestTransport.H2)]
    public async Task A_connection_of_many_streams_is_asked_to_go_and_ends_those_it_has(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectH2Async();
        Assert.Equal(200, (await client.RoundTripAsync()).Status);
        await EnterAsync(proxy, upstream, "shed: 0, close: 1, refuse: 0", OverloadStage.Close);

        Assert.Equal(200, (await client.RoundTripAsync()).Status);

        await client.WaitForAsync(frame => frame.Type == H2FrameType.GoAway);
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task New_connections_are_reset_and_those_there_are_served(TestTransport transport)
    {
        await using var upstream = TestUpstream.Start();
        await using var proxy = await StartAsync(upstream, transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        await EnterAsync(proxy, upstream, "shed: 0, close: 0, refuse: 1", OverloadStage.Refuse);

        Assert.False(await ServesAsync(proxy));
        Assert.Equal(200, (await client.RoundTripAsync(Get)).Status);
        Assert.InRange(proxy.Counts["filterproxy.limit.reached limit=overload.refuse"], 1, 10);
        Assert.Contains(proxy.LogLines, line => line.Contains("listener 'web' refused a connection", StringComparison.Ordinal));

        await LeaveAsync(proxy, upstream);
        Assert.True(await ServesAsync(proxy));
        Assert.Contains(proxy.LogLines, line => line.StartsWith("Information: Overload is over: stage 'refuse' is left", StringComparison.Ordinal));
    }

    private static Task<TestProxy> StartAsync(TestUpstream upstream, TestTransport transport = TestTransport.Sockets) =>
        TestProxy.StartAsync(Configuration(upstream, Off), transport, typeof(RankFilter));

    private static async Task EnterAsync(TestProxy proxy, TestUpstream upstream, string marks, OverloadStage stage)
    {
        Assert.Equal("", await proxy.ReloadAsync(Configuration(upstream, $"overload: {{ memory_limit: 1MiB, memory: {{ {marks} }}, enter_after: 0s, retry_after: 7s }}")));
        await Poll.UntilAsync(() => proxy.Engine.Services.Load.Stage == stage);
    }

    private static async Task LeaveAsync(TestProxy proxy, TestUpstream upstream)
    {
        Assert.Equal("", await proxy.ReloadAsync(Configuration(upstream, Off)));
        await Poll.UntilAsync(() => proxy.Engine.Services.Load.Stage == OverloadStage.Calm);
    }

    private static async Task<bool> ServesAsync(TestProxy proxy)
    {
        try
        {
            return (await proxy.SendAsync(Get)).Status == 200;
        }
        catch (Exception e) when (e is IOException or SocketException or RawFormatException)
        {
            return false;
        }
    }

    private static string Configuration(TestUpstream upstream, string overload) => $$"""
        {{overload}}
        http: { filters: [rank] }
        routes:
          - { name: low, match: { path: /low }, priority: low, cluster: origin }
          - { name: others, cluster: origin }
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
