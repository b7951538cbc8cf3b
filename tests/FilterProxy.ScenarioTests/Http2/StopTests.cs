using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Http2;

/// <summary>Stopping and reloading with streams under way.</summary>
public sealed class StopTests : Http2Scenario
{
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Streams_under_way_end_after_GOAWAY(TestTransport transport)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var proxy = await TestProxy.StartAsync(upstream.Port, transport);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true);
        await upstream.WaitForRequestsAsync(1);

        var stopping = proxy.StopAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, (await client.WaitForAsync(f => f.Type == H2FrameType.GoAway)).ErrorCode);
        gate.SetResult();

        Assert.Equal("late", (await client.ReadResponseAsync(stream)).Text);
        await stopping.WaitAsync(TimeSpan.FromSeconds(15));
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Streams_that_outlast_the_grace_are_cut()
    {
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var proxy = await TestProxy.StartAsync(upstream.Port, TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        await client.OpenAsync(end: true);
        await upstream.WaitForRequestsAsync(1);

        await proxy.StopAsync(TimeSpan.FromMilliseconds(300)).WaitAsync(TimeSpan.FromSeconds(10));

        await upstream.Connections[0].Closed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, proxy.OpenConnections);
    }

    [Fact]
    public async Task A_stream_begins_under_the_configuration_in_force_and_ends_under_it()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var one = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("one")));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var proxy = await TestProxy.StartAsync(To(one), TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true);
        await one.WaitForRequestsAsync(1);

        Assert.Equal("", await proxy.ReloadAsync(To(two)));

        Assert.Equal("two", (await client.RoundTripAsync()).Text);
        Assert.Equal(1, proxy.Engine.RetiredConfigs);
        gate.SetResult();
        Assert.Equal("one", (await client.ReadResponseAsync(stream)).Text);
        await proxy.SettledAsync();
    }

    [Fact]
    public async Task What_runs_too_long_under_a_replaced_configuration_is_reset_and_the_connection_lives_on()
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Never());
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var proxy = await TestProxy.StartAsync("runtime: { reload_grace: 300ms }\n" + To(one), TestTransport.H2c);
        await using var client = await proxy.ConnectH2Async();
        var stream = await client.OpenAsync(end: true);
        await one.WaitForRequestsAsync(1);

        Assert.Equal("", await proxy.ReloadAsync("runtime: { reload_grace: 300ms }\n" + To(two)));

        Assert.NotNull((await client.ReadResponseAsync(stream)).Reset);
        Assert.Equal("two", (await client.RoundTripAsync()).Text);
        await proxy.SettledAsync();
    }

    private static string To(TestUpstream upstream) => $$"""
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
