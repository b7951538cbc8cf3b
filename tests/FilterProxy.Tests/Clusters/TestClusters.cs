using System.Net;
using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using FilterProxy.TestKit;

namespace FilterProxy.Tests.Clusters;

/// <summary>Clusters of the engine that open no connections, under a clock of the test's.</summary>
internal sealed class TestClusters : IDisposable
{
    public TestClusters() => Heartbeat = new Heartbeat(Time);

    public FakeTimeProvider Time { get; } = new();

    public Heartbeat Heartbeat { get; }

    public LogBook Log { get; } = new();

    public void Dispose() => Heartbeat.Dispose();

    /// <summary>A cluster in force of endpoints called a, b, c …</summary>
    public ProxyCluster Create(int endpoints, OutlierRules? outliers = null, IHealthCheck? check = null, HealthRules? rules = null, EligibilityRules? eligibility = null)
    {
        var cluster = new ProxyCluster("test", new RoundRobin(), null!, ClusterTimeouts.Default, PoolRules.Default, new PeerSettings(), Heartbeat, 1)
        {
            Eligibility = eligibility ?? EligibilityRules.Default,
        };
        cluster.WatchOver(new Log(Log.CreateLogger("FilterProxy")), Time, check, rules, outliers);
        cluster.SetEndpoints([.. Names(endpoints)]);
        cluster.Start();
        return cluster;
    }

    public static IEnumerable<DiscoveredEndpoint> Names(int count) =>
        Enumerable.Range(0, count).Select(i => new DiscoveredEndpoint(((char)('a' + i)).ToString(), new IPEndPoint(IPAddress.Loopback, i + 1)));

    /// <summary>The names of those that take traffic, once the cluster has worked it out.</summary>
    public static Task TakesAsync(ProxyCluster cluster, string names) => Poll.UntilAsync(() => Taking(cluster) == names, what: $"{names} take traffic");

    public static string Taking(ProxyCluster cluster) =>
        string.Concat(cluster.Eligible.Groups.First().Levels.SelectMany(level => level.Set.Span.ToArray()).Select(endpoint => endpoint.Name));
}
