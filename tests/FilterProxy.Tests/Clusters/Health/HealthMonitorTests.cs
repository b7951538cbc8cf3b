using System.Collections.Concurrent;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.TestKit;
using Xunit;

namespace FilterProxy.Tests.Clusters.Health;

public sealed class HealthMonitorTests : IDisposable
{
    private static readonly HealthRules Rules = new(1000, 0, TimeSpan.FromSeconds(2), 2, 3);
    private readonly TestClusters _clusters = new();
    private readonly ScriptedCheck _check = new();
    private ProxyCluster? _cluster;

    public void Dispose() => _clusters.Dispose();

    [Fact]
    public async Task The_first_probe_comes_at_once_and_is_believed()
    {
        _check.Down.TryAdd("b", "status 503");
        var cluster = _cluster = _clusters.Create(3, check: _check, rules: Rules);
        await TickAsync("abc", 1);
        await TestClusters.TakesAsync(cluster, "ac");
        Assert.Contains(_clusters.Log.Lines, line => line.Contains("endpoint b takes no traffic: health check failed: status 503."));
    }

    [Fact]
    public async Task Later_it_takes_as_many_as_the_thresholds_say()
    {
        var cluster = _cluster = _clusters.Create(2, check: _check, rules: Rules);
        await TickAsync("ab", 1);
        _check.Down.TryAdd("a", "refused");
        await TickAsync("ab", 2);
        await TickAsync("ab", 3);
        Assert.True(cluster.Endpoints[0].IsHealthy);
        await TickAsync("ab", 4);
        await Poll.UntilAsync(() => !cluster.Endpoints[0].IsHealthy);
        _check.Down.Clear();
        await TickAsync("ab", 5);
        Assert.False(cluster.Endpoints[0].IsHealthy);
        await TickAsync("ab", 6);
        await TestClusters.TakesAsync(cluster, "ab");
    }

    [Fact]
    public async Task A_probe_that_hangs_is_given_up()
    {
        _check.Hangs.TryAdd("a", true);
        var cluster = _cluster = _clusters.Create(2, check: _check, rules: Rules);
        await TickAsync("ab", 1);
        _clusters.Time.Advance(TimeSpan.FromSeconds(3));
        await TestClusters.TakesAsync(cluster, "b");
        Assert.Equal("health check failed: no answer within 2000 ms", ClusterHealth.Of(cluster.Endpoints[0]).Describe());
    }

    [Fact]
    public async Task A_check_that_throws_is_a_failed_probe()
    {
        _check.Down.TryAdd("a", "throw");
        var cluster = _cluster = _clusters.Create(2, check: _check, rules: Rules);
        await TickAsync("ab", 1);
        await TestClusters.TakesAsync(cluster, "b");
    }

    [Fact]
    public async Task A_probe_that_succeeds_ends_an_ejection()
    {
        var cluster = _cluster = _clusters.Create(2, new OutlierRules(), _check, Rules);
        await TickAsync("ab", 1);
        for (var i = 0; i < 5; i++)
        {
            cluster.Endpoints[0].Observe(new Outcome(500, ProxyErrorKind.None, default));
        }

        Assert.False(cluster.Endpoints[0].IsHealthy);
        await TickAsync("ab", 2);
        await TestClusters.TakesAsync(cluster, "ab");
    }

    [Fact]
    public async Task An_endpoint_whose_probes_lie_is_kept_out_by_its_traffic_where_probes_readmit_nobody()
    {
        var cluster = _cluster = _clusters.Create(2, new OutlierRules { ProbesReadmit = false }, _check, Rules);
        await TickAsync("ab", 1);
        for (var i = 0; i < 5; i++)
        {
            cluster.Endpoints[0].Observe(new Outcome(500, ProxyErrorKind.None, default));
        }

        for (var probes = 2; probes < 5; probes++)
        {
            await TickAsync("ab", probes);
        }

        await TestClusters.TakesAsync(cluster, "b");
        Assert.Equal("ejected: 5 server errors in a row", ClusterHealth.Of(cluster.Endpoints[0]).Describe());
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_brings_one_probe_and_not_those_that_were_left_out()
    {
        _cluster = _clusters.Create(1, check: _check, rules: Rules);
        await TickAsync("a", 1);
        var probes = _cluster.Monitor!.Probes;
        _clusters.Time.Jump(TimeSpan.FromHours(10));
        await TickAsync("a", 2);
        Assert.InRange(_cluster.Monitor.Probes - probes, 1, 2);
        Assert.True(_cluster.Endpoints[0].IsHealthy);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 2)]
    public async Task Probes_are_an_interval_and_its_jitter_apart(int jitter, int most)
    {
        _cluster = _clusters.Create(20, check: _check, rules: Rules with { Jitter = jitter });
        var rounds = new List<long>();
        for (var step = 0; step < 17; step++)
        {
            var before = _cluster.Monitor!.Probes;
            _clusters.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Poll.UntilAsync(() => _cluster.Monitor.Running == 0);
            rounds.Add(_cluster.Monitor.Probes - before);
        }

        Assert.Equal((20, 0), (rounds[0], rounds[1..10].Sum()));
        Assert.Equal(20, rounds[10..].Sum());
        Assert.Equal(jitter > 0, rounds[10..].Count(probes => probes > 0) >= most && rounds[10] < 20);
    }

    [Fact]
    public async Task An_endpoint_that_comes_later_is_probed_too()
    {
        var cluster = _cluster = _clusters.Create(1, check: _check, rules: Rules);
        await TickAsync("a", 1);
        _check.Down.TryAdd("b", "new and down");
        cluster.SetEndpoints([.. TestClusters.Names(2)]);
        _clusters.Time.Advance(TimeSpan.FromMilliseconds(200));
        await TestClusters.TakesAsync(cluster, "a");
        await Poll.UntilAsync(() => !cluster.Endpoints[1].IsHealthy);
    }

    [Fact]
    public async Task One_that_is_drained_is_probed_on()
    {
        var cluster = _cluster = _clusters.Create(2, check: _check, rules: Rules);
        await TickAsync("ab", 1);

        Say(cluster, EndpointMode.Draining);
        var probes = _check.Probes["a"];

        await TickAsync("a", probes + 1);
        await TickAsync("a", probes + 2);
    }

    [Fact]
    public async Task One_in_maintenance_is_left_alone_and_is_a_new_one_when_it_is_back()
    {
        var cluster = _cluster = _clusters.Create(2, check: _check, rules: Rules);
        await TickAsync("ab", 1);
        Say(cluster, EndpointMode.Maintenance);
        var (probes, others) = (_check.Probes["a"], _check.Probes["b"]);
        await TickAsync("b", others + 1);
        await TickAsync("b", others + 2);
        Assert.Equal(probes, _check.Probes["a"]);

        _check.Down.TryAdd("a", "not up yet");
        Say(cluster, EndpointMode.Active);
        await TickAsync("a", probes + 1);

        await TestClusters.TakesAsync(cluster, "b");
        Assert.Equal("health check failed: not up yet", ClusterHealth.Of(cluster.Known[0]).Describe());
    }

    private static void Say(ProxyCluster cluster, EndpointMode mode)
    {
        cluster.Controls.Change(cluster.Name, "a", control => control with { Mode = mode });
        cluster.TakeControls();
    }

    /// <summary>A second passes, and each endpoint was probed so often.</summary>
    private async Task TickAsync(string endpoints, int probes)
    {
        _clusters.Time.Advance(TimeSpan.FromMilliseconds(1100));
        await Poll.UntilAsync(() => endpoints.All(name => _check.Probes.GetValueOrDefault(name.ToString()) >= probes));
        await Poll.UntilAsync(() => _cluster!.Monitor!.Running == _check.Hangs.Count);
    }

    private sealed class ScriptedCheck : IHealthCheck
    {
        public ConcurrentDictionary<string, string> Down { get; } = new();

        public ConcurrentDictionary<string, bool> Hangs { get; } = new();

        public ConcurrentDictionary<string, int> Probes { get; } = new();

        public async ValueTask<HealthResult> ProbeAsync(UpstreamPeer peer, CancellationToken timeout)
        {
            var name = peer.Endpoint.Name;
            Probes.AddOrUpdate(name, 1, (_, count) => count + 1);
            if (Hangs.ContainsKey(name))
            {
                // Deaf to its timeout.
                await new TaskCompletionSource().Task;
            }

            return !Down.TryGetValue(name, out var why) ? HealthResult.Healthy
                : why == "throw" ? throw new InvalidOperationException("broken") : HealthResult.Unhealthy(why);
        }
    }
}
