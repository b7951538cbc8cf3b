using FilterProxy.Core.Clusters;
using FilterProxy.Core.Clusters.Breaking;
using FilterProxy.Core.Clusters.Health;
using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core;

/// <summary>What the engine looks up about clusters when its metrics are read: who is ejected, which breaker is open, how near limits are.</summary>
internal sealed class ClusterGauges
{
    private const string State = "state", To = "to";
    private static readonly BreakerState[] s_states = Enum.GetValues<BreakerState>();
    private readonly Func<IEnumerable<ProxyCluster>> _clusters;
    private readonly MetricsRegistry _registry;

    public ClusterGauges(Func<IEnumerable<ProxyCluster>> clusters, MetricsRegistry registry)
    {
        _clusters = clusters;
        _registry = registry;
        AddEjections();
        AddBreakers();
        AddRequests();
    }

    private void AddEjections()
    {
        _registry.Add(
            new("filterproxy.upstream.endpoint.ejected", MetricKind.Gauge, "", "Whether outlier detection keeps an endpoint out: 1 or 0.", "cluster", "endpoint"),
            into => EachJudged(into, static health => health.IsEjected ? 1 : 0));
        _registry.Add(
            new("filterproxy.upstream.endpoint.ejections", MetricKind.Counter, "{ejection}", "Times outlier detection ejected an endpoint.", "cluster", "endpoint"),
            into => EachJudged(into, static health => health.EjectionCount));
    }

    private void AddBreakers()
    {
        _registry.Add(
            new("filterproxy.upstream.breaker.state", MetricKind.Gauge, "", "State of a cluster's circuit breaker: 0 closed, 1 half-open, 2 open.", "cluster"),
            into => EachBreaker((name, breaker) => into.Add(new Sample(LabelsOf(name), ValueOf(breaker.State)))));
        _registry.Add(
            new("filterproxy.upstream.breaker.transitions", MetricKind.Counter, "{transition}", "Times a cluster's circuit breaker came into a state: closed, half_open or open.", "cluster", To),
            into => EachBreaker((name, breaker) =>
            {
                foreach (var state in s_states)
                {
                    into.Add(new Sample(LabelsOf(name, To, NameOf(state)), breaker.ChangesTo(state)));
                }
            }));
    }

    private void AddRequests() => _registry.Add(
        new("filterproxy.upstream.requests", MetricKind.Gauge, "{request}", "Requests in a cluster, as its limits count them: active, pending and, of the active ones, retry.", "cluster", State),
        into =>
        {
            foreach (var cluster in _clusters())
            {
                into.Add(new Sample(LabelsOf(cluster.Name, State, "active"), cluster.Guard.Requests.Active));
                into.Add(new Sample(LabelsOf(cluster.Name, State, "pending"), cluster.Guard.Requests.Pending));
                into.Add(new Sample(LabelsOf(cluster.Name, State, "retry"), cluster.Guard.Retries.Active));
            }
        });

    private void EachJudged(List<Sample> into, Func<EndpointHealth, long> value)
    {
        foreach (var cluster in _clusters().Where(cluster => cluster.Outliers is not null))
        {
            foreach (var endpoint in cluster.Known.Span)
            {
                if (endpoint.Metrics is EndpointMetrics metrics)
                {
                    into.Add(new Sample(metrics.Labels, value(ClusterHealth.Of(endpoint))));
                }
            }
        }
    }

    private void EachBreaker(Action<string, CircuitBreaker> each)
    {
        foreach (var cluster in _clusters())
        {
            if (cluster.Guard.Breaker is { } breaker)
            {
                each(cluster.Name, breaker);
            }
        }
    }

    private static Labels LabelsOf(string cluster) => new(new KeyValuePair<string, object?>("cluster", cluster));

    private static Labels LabelsOf(string cluster, string key, string value) => new(new("cluster", cluster), new(key, value));

    private static int ValueOf(BreakerState state) => state switch { BreakerState.Closed => 0, BreakerState.HalfOpen => 1, _ => 2 };

    private static string NameOf(BreakerState state) => state == BreakerState.HalfOpen ? "half_open" : state == BreakerState.Open ? "open" : "closed";
}
