using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Eligibility;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.Core.Clusters.Http2;
using FilterProxy.Core.Clusters.LoadBalancing;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Transport;

namespace FilterProxy.Core.Config;

/// <summary>Makes running clusters of checked ones. What the checks have passed cannot fail here.</summary>
internal static class ClusterCompiler
{
    /// <param name="name">Its name.</param>
    /// <param name="config">As written.</param>
    /// <param name="balancer">Its load balancer; null where it could not be made.</param>
    /// <param name="connector">Its connector; null for the engine's own.</param>
    /// <param name="tls">TLS to the endpoints; null for plain text.</param>
    /// <param name="check">Probes its endpoints; null for nobody.</param>
    /// <param name="services">The engine's.</param>
    public static ProxyCluster Compile(
        string name, ClusterConfig config, ILoadBalancer? balancer, IConnector? connector, TlsPolicy? tls, IHealthCheck? check, ProxyServices services)
    {
        var cluster = Make(name, config, balancer, connector, tls, services);
        cluster.WatchOver(services.Log, services.Time, check, HealthRulesOf(config.HealthCheck), OutlierRulesOf(config.OutlierDetection));
        return cluster;
    }

    private static ProxyCluster Make(
        string name, ClusterConfig config, ILoadBalancer? balancer, IConnector? connector, TlsPolicy? tls, ProxyServices services) => new(
        name,
        balancer ?? new PowerOfTwoChoices(),
        connector ?? new TcpConnector(
            new NameResolver(services.Time, config.DnsRefresh), (config.Tls ?? new UpstreamTlsConfig()).HandshakeTimeout, config.ProxyProtocol),
        new ClusterTimeouts(Milliseconds(config.ResponseTimeout), Milliseconds(config.ReadTimeout), Milliseconds(config.WriteTimeout))
        {
            PerTry = Milliseconds(config.PerTryTimeout),
        },
        new PoolRules(config.Pool.Min, config.Pool.Max, config.Pool.MaxIdle, config.Pool.IdleTimeout, config.Pool.Lifetime, config.ConnectTimeout)
        {
            PerDownstream = config.ProxyProtocol is not null,
            TakesReturned = connector is IHttpConnector { TakesRequests: false },
            MaxPending = config.Limits.MaxPending,
            InAll = new ConnectionLimit(config.Limits.MaxConnections),
        },
        new PeerSettings(config.Host == "pass" ? null : config.Host, config.Tls?.ServerName, tls, ProtocolOf(config.Protocol)),
        services.Heartbeat,
        services.Shelves)
    {
        Metrics = services.Metrics?.Attempts,
        Time = services.Time,
        Controls = services.Endpoints,
        Http2 = new Http2Rules(config.Http2.PingInterval, config.Http2.PingTimeout, (int)Math.Min(config.Http2.StreamWindow.Bytes, int.MaxValue)),
        Affinity = AffinityCompiler.Compile(config.Affinity),
        Guard = GuardCompiler.Compile(name, config, services.Log, services.Limits),
        Eligibility = new EligibilityRules
        {
            PanicThreshold = config.PanicThreshold,
            Zone = config.Zone is { } zone ? new ZoneRule(zone.Label, zone.Local, zone.MinHealthy) : null,
            Subset = config.Subset is { } subset ? new SubsetRule(subset.Labels, subset.Key, subset.Fallback) : null,
            SlowStart = config.SlowStart is { Window.Ticks: > 0 } slow ? new SlowStart(Milliseconds(slow.Window), slow.Aggression, slow.MinWeight) : null,
        },
    };

    private static HealthRules? HealthRulesOf(ActiveHealthConfig? config) => config is null ? null : new(
        Milliseconds(config.Interval),
        config.Jitter,
        config.Timeout > TimeSpan.Zero ? config.Timeout : Timeout.InfiniteTimeSpan,
        config.HealthyAfter,
        config.UnhealthyAfter);

    private static OutlierRules? OutlierRulesOf(OutlierDetectionConfig? config) => config is null ? null : new()
    {
        Consecutive5xx = config.Consecutive5xx,
        ConsecutiveGatewayErrors = config.ConsecutiveGatewayErrors,
        ConsecutiveLocalFailures = config.ConsecutiveLocalFailures,
        Interval = Milliseconds(config.Interval),
        BaseEjection = Milliseconds(config.BaseEjectionTime),
        MaxEjection = Milliseconds(config.MaxEjectionTime),
        MaxEjectionPercent = config.MaxEjectionPercent,
        SuccessRateDeviations = config.SuccessRateDeviations,
        FailurePercent = config.FailurePercentage,
        MinHosts = config.MinHosts,
        MinRequests = config.MinRequests,
        ProbesReadmit = config.HealthCheckReadmits,
    };

    private static UpstreamProtocol ProtocolOf(ClusterProtocol protocol) => protocol switch
    {
        ClusterProtocol.H2 or ClusterProtocol.H2c => UpstreamProtocol.Http2,
        ClusterProtocol.Auto => UpstreamProtocol.Auto,
        _ => UpstreamProtocol.Http1,
    };

    private static long Milliseconds(TimeSpan time) => time > TimeSpan.Zero ? Math.Max(1, (long)time.TotalMilliseconds) : 0;
}
