using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Reload;

/// <summary>Whose state a filter works on, and how long it lives.</summary>
public sealed class StoreTests : IAsyncLifetime
{
    private readonly string _key = Guid.NewGuid().ToString();
    private readonly TestUpstream _upstream = TestUpstream.Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _upstream.DisposeAsync();

    [Fact]
    public async Task Each_instance_has_a_state_of_its_own()
    {
        await using var proxy = await StartAsync(Counting(), Counting());

        Assert.Equal("1", await CountAsync(proxy, "/a"));
        Assert.Equal("2", await CountAsync(proxy, "/a"));
        Assert.Equal("1", await CountAsync(proxy, "/b"));
    }

    [Fact]
    public async Task Instances_that_name_one_store_share_its_state()
    {
        await using var proxy = await StartAsync(Counting(", store: all"), Counting(", store: all", "tally/second"));

        Assert.Equal("1", await CountAsync(proxy, "/a"));
        Assert.Equal("2", await CountAsync(proxy, "/b"));
        Assert.Equal("3", await CountAsync(proxy, "/a"));
    }

    [Fact]
    public async Task Stores_of_other_names_are_other_states()
    {
        await using var proxy = await StartAsync(Counting(", store: one"), Counting(", store: two"));

        Assert.Equal("1", await CountAsync(proxy, "/a"));
        Assert.Equal("1", await CountAsync(proxy, "/b"));
    }

    [Theory]
    [InlineData(", step: 10", "11")]
    [InlineData(", step: 10, store: all", "10")]
    public async Task A_state_outlives_other_options_but_is_not_taken_to_another_store(string changed, string expected)
    {
        await using var proxy = await StartAsync(Counting(), Counting());
        Assert.Equal("1", await CountAsync(proxy, "/a"));

        Assert.Equal("", await proxy.ReloadAsync(Config(Counting(changed), Counting())));

        Assert.Equal(expected, await CountAsync(proxy, "/a"));
    }

    [Fact]
    public async Task A_shared_state_lives_as_long_as_the_last_instance_that_has_it()
    {
        await using var proxy = await StartAsync(Counting(", store: all"), Counting(", store: all"));
        Assert.Equal("1", await CountAsync(proxy, "/a"));
        var tally = Tally.Of(_key);

        Assert.Equal("", await proxy.ReloadAsync(Config(Counting(", store: all"), "no_op")));
        Assert.Equal("2", await CountAsync(proxy, "/a"));
        await proxy.SettledAsync();
        Assert.False(tally.IsDisposed);

        Assert.Equal("", await proxy.ReloadAsync(Config("no_op", "no_op")));
        await proxy.SettledAsync();
        await Poll.UntilAsync(() => tally.IsDisposed);
    }

    [Fact]
    public async Task A_configuration_that_is_refused_leaves_no_state_behind()
    {
        await using var proxy = await StartAsync("no_op", "no_op");

        var errors = await proxy.ReloadAsync(Config(Counting(), Counting(", step: many")));

        Assert.Contains("many", errors, StringComparison.Ordinal);
        Assert.True(Tally.Of(_key).IsDisposed);
    }

    [Fact]
    public async Task A_store_for_a_filter_that_keeps_no_state_is_an_error()
    {
        await using var proxy = await StartAsync("no_op", "no_op");

        var errors = await proxy.ReloadAsync(Config("no_op: { store: all }", "no_op"));

        Assert.Contains("no_op keeps no state that 'store' could share", errors, StringComparison.Ordinal);
    }

    private static async Task<string?> CountAsync(TestProxy proxy, string path) =>
        (await proxy.SendAsync($"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).Headers["x-tally"];

    private Task<TestProxy> StartAsync(string a, string b) =>
        TestProxy.StartAsync(Config(a, b), TestTransport.Direct, typeof(TallyFilter), typeof(NoOpFilter));

    private string Counting(string options = "", string name = "tally") => $"{name}: {{ key: {_key}{options} }}";

    private string Config(string a, string b) => $$"""
        routes:
          - { name: a, match: { path: /a }, cluster: all, filters: [ {{a}} ] }
          - { name: b, match: { path: /b }, cluster: all, filters: [ {{b}} ] }
        clusters: { all: { endpoints: [ 127.0.0.1:{{_upstream.Port}} ] } }
        """;
}
