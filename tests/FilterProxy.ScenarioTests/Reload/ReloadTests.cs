using FilterProxy.ScenarioTests.Protocol;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>What a new configuration changes and what it leaves alone, while the proxy runs.</summary>
public sealed class ReloadTests : Scenario
{

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_idle_connection_gets_the_new_configuration_with_its_next_request(TestTransport transport)
    {
        await using var one = TestUpstream.Start(_ => UpstreamResponse.Ok("one"));
        await using var two = TestUpstream.Start(_ => UpstreamResponse.Ok("two"));
        await using var proxy = await TestProxy.StartAsync(To(one), transport);
        await using var client = await proxy.ConnectAsync();
        Assert.Equal("one", (await client.RoundTripAsync(Get)).Text);

        Assert.Equal("", await proxy.ReloadAsync(To(two)));

        Assert.Equal("two", (await client.RoundTripAsync(Get)).Text);
        await proxy.SettledAsync();
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_under_way_ends_under_the_configuration_it_began_with(TestTransport transport)
    {
        var key = Guid.NewGuid().ToString();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var proxy = await TestProxy.StartAsync(To(upstream, $"living: {{ key: {key}, value: old }}"), transport, typeof(LivingFilter));
        await using var client = await proxy.ConnectAsync();
        await client.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        Assert.Equal("", await proxy.ReloadAsync(To(upstream, $"living: {{ key: {key}, value: new }}")));
        Assert.Equal(0, Lives.Of(key).Ended);
        gate.SetResult();

        Assert.Equal("old:1", (await client.ReadResponseAsync()).Headers["x-living"]);
        Assert.StartsWith("new:", (await client.RoundTripAsync(Get)).Headers["x-living"], StringComparison.Ordinal);
        await proxy.SettledAsync();
        await Poll.UntilAsync(() => Lives.Of(key).Ended == 1);
    }

    [Fact]
    public async Task A_filter_with_the_same_place_and_options_is_the_same_instance_whatever_else_changes()
    {
        var key = Guid.NewGuid().ToString();
        await using var upstream = TestUpstream.Start();
        await using var other = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream, $"living: {{ key: {key}, value: v }}"), TestTransport.Direct, typeof(LivingFilter));
        await proxy.SendAsync(Get);

        Assert.Equal("", await proxy.ReloadAsync(To(other, $"living: {{ value: v, key: {key} }}")));

        Assert.Equal("v:2", (await proxy.SendAsync(Get)).Headers["x-living"]);
        await proxy.SettledAsync();
        Assert.Equal((1, 1, 0), (Lives.Of(key).Made, Lives.Of(key).Started, Lives.Of(key).Ended));
    }

    [Fact]
    public async Task A_filter_with_other_options_is_new_and_may_take_over_from_the_one_it_replaces()
    {
        var key = Guid.NewGuid().ToString();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream, $"living: {{ key: {key}, value: a }}"), TestTransport.Direct, typeof(LivingFilter));
        await proxy.SendAsync(Get);

        Assert.Equal("", await proxy.ReloadAsync(To(upstream, $"living: {{ key: {key}, value: b }}")));

        Assert.Equal("b:2", (await proxy.SendAsync(Get)).Headers["x-living"]);
        await Poll.UntilAsync(() => Lives.Of(key).Ended == 1);
        Assert.Equal((2, 2, 1), (Lives.Of(key).Made, Lives.Of(key).Started, Lives.Of(key).Replacing));
    }

    [Fact]
    public async Task A_filter_is_new_when_a_file_it_uses_has_changed()
    {
        var key = Guid.NewGuid().ToString();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "1");
        var filter = $"living: {{ key: {key}, file: \"{file}\" }}";
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream, filter), TestTransport.Direct, typeof(LivingFilter));

        await proxy.ReloadAsync(To(upstream, filter));
        Assert.Equal("1:1", (await proxy.SendAsync(Get)).Headers["x-living"]);
        await File.WriteAllTextAsync(file, "2");
        await proxy.ReloadAsync(To(upstream, filter));

        Assert.Equal("2:2", (await proxy.SendAsync(Get)).Headers["x-living"]);
        Assert.Equal(2, Lives.Of(key).Made);
        File.Delete(file);
    }

    [Fact]
    public async Task A_refused_configuration_changes_nothing_and_says_all_that_is_wrong()
    {
        var key = Guid.NewGuid().ToString();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream, $"living: {{ key: {key} }}"), TestTransport.Direct, typeof(LivingFilter));

        var errors = await proxy.ReloadAsync($$"""
            http: { route_filters: [ living: { key: {{key}}, value: x }, nothing ] }
            routes: [ { name: all, cluster: missing } ]
            """);

        Assert.Contains("test.yaml:", errors, StringComparison.Ordinal);
        Assert.Contains("missing", errors, StringComparison.Ordinal);
        Assert.Equal(1, proxy.Engine.Snapshot!.Version);
        Assert.Equal(":1", (await proxy.SendAsync(Get)).Headers["x-living"]);
    }

    [Fact]
    public async Task A_configuration_whose_component_does_not_start_changes_nothing_and_leaves_nothing_behind()
    {
        var (old, key) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream, $"living: {{ key: {old} }}"), TestTransport.Direct, typeof(LivingFilter));

        var errors = await proxy.ReloadAsync(To(upstream, $"living: {{ key: {key}, fail_to_start: true }}"));

        Assert.Contains("told to fail", errors, StringComparison.Ordinal);
        Assert.Equal((1, 1), (Lives.Of(key).Made, Lives.Of(key).Ended));
        Assert.Equal(":1", (await proxy.SendAsync(Get)).Headers["x-living"]);
        Assert.Equal(0, Lives.Of(old).Ended);
    }

    [Theory]
    [InlineData("start_forever")]
    [InlineData("block_at_start")]
    public async Task A_component_that_never_gets_started_refuses_the_configuration_when_its_time_is_up(string how)
    {
        var key = Guid.NewGuid().ToString();
        await using var upstream = TestUpstream.Start();
        await using var proxy = await TestProxy.StartAsync(To(upstream), TestTransport.Direct, typeof(LivingFilter));

        var errors = await proxy.ReloadAsync(To(upstream, $"living: {{ key: {key}, {how}: true }}", "runtime: { start_timeout: 100ms }"));

        Assert.Contains("LivingFilter did not start: it took longer than runtime.start_timeout, 0.1 s", errors, StringComparison.Ordinal);
        Assert.Equal((1, 1), (Lives.Of(key).Made, Lives.Of(key).Ended));
        Assert.Equal(200, (await proxy.SendAsync(Get)).Status);
    }

    [Theory]
    [MemberData(nameof(AllTransports))]
    public async Task An_exchange_held_open_under_a_replaced_configuration_is_left_alone_until_its_grace_is_over(TestTransport transport)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = TestUpstream.Start(_ => UpstreamResponse.After(gate.Task).Then(UpstreamResponse.Ok("late")));
        await using var proxy = await TestProxy.StartAsync(To(upstream), transport);
        await using var first = await proxy.ConnectAsync();
        await first.SendAsync(Get);
        await upstream.WaitForRequestsAsync(1);

        await proxy.ReloadAsync(To(upstream, "", "runtime: { reload_grace: 100ms }"));

        Assert.True(await first.IsClosedByPeerAsync());
        gate.SetResult();
        await proxy.SettledAsync();
    }

    internal static string To(TestUpstream upstream, string filter = "", string more = "") => $$"""
        {{more}}
        http: { route_filters: [ {{(filter.Length > 0 ? $"{{ {filter} }}" : "")}} ] }
        routes: [ { name: all, cluster: origin } ]
        clusters: { origin: { endpoints: ["127.0.0.1:{{upstream.Port}}"] } }
        """;
}
