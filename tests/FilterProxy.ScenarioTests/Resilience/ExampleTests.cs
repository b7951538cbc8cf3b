using FilterProxy.Core.Clusters;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Binding;
using FilterProxy.ScenarioTests.NextJs;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.ScenarioTests.Resilience;

/// <summary>The example that shows every option, as it runs.</summary>
public sealed class ExampleTests
{
    private static string Example
    {
        get
        {
            var text = File.ReadAllText(Repository.At("conf", "examples", "resilience.yaml"));
            return text[text.IndexOf("routes:", StringComparison.Ordinal)..];
        }
    }

    [Theory]
    [InlineData(typeof(RetryConfig))]
    [InlineData(typeof(HedgeConfig))]
    [InlineData(typeof(ClusterLimitsConfig))]
    [InlineData(typeof(AdaptiveLimitConfig))]
    [InlineData(typeof(CircuitBreakerConfig))]
    [InlineData(typeof(FallbackConfig))]
    [InlineData(typeof(ActiveHealthConfig))]
    [InlineData(typeof(OutlierDetectionConfig))]
    [InlineData(typeof(AffinityConfig))]
    [InlineData(typeof(WeightedClusterConfig))]
    [InlineData(typeof(SlowStartConfig))]
    [InlineData(typeof(SubsetConfig))]
    [InlineData(typeof(ZoneConfig))]
    public void It_shows_every_option(Type record) =>
        Assert.All(ObjectPlan.Of(record)!.Properties, property => Assert.Matches($@"\b{property.Key}: ", Example));

    [Fact]
    public async Task A_reload_that_changes_nothing_keeps_every_cluster()
    {
        await using var proxy = await TestProxy.StartAsync(Example);
        var before = Clusters(proxy);
        Assert.Equal("", await proxy.ReloadAsync(Example));
        Assert.Equal(before, Clusters(proxy));
    }

    [Fact]
    public async Task A_cluster_whose_endpoints_change_keeps_its_state_and_theirs()
    {
        await using var proxy = await TestProxy.StartAsync(Example);
        var app = Clusters(proxy).Single(cluster => cluster.Name == "app");
        var stays = app.Endpoints[0];
        Assert.Equal("", await proxy.ReloadAsync(Example.Replace(", 127.0.0.1:3005]", "]", StringComparison.Ordinal)));
        Assert.Contains(app, Clusters(proxy));
        Assert.Equal(4, app.Endpoints.Count);
        Assert.Same(stays, app.Endpoints[0]);
    }

    [Fact]
    public async Task What_is_known_of_an_endpoint_stays_when_its_cluster_gets_another_setting()
    {
        await using var proxy = await TestProxy.StartAsync(Example);
        await Poll.UntilAsync(() => Clusters(proxy).Single(cluster => cluster.Name == "app").Endpoints.Span.ToArray().All(endpoint => !endpoint.IsHealthy));
        Assert.Equal("", await proxy.ReloadAsync(Example.Replace("connect_timeout: 500ms", "connect_timeout: 400ms", StringComparison.Ordinal)));
        Assert.All(Clusters(proxy).Single(cluster => cluster.Name == "app").Endpoints.Span.ToArray(), endpoint => Assert.False(endpoint.IsHealthy));
    }

    private static List<ProxyCluster> Clusters(TestProxy proxy) => [.. proxy.Engine.Snapshot!.Clusters.Values.OrderBy(cluster => cluster.Name)];
}
