using System.Collections.Concurrent;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>What is counted about exchanges: how long they took, by route, cluster and result, and their bytes.</summary>
internal sealed class RequestMetrics
{
    public static readonly MetricInfo Duration = new(
        "http.server.request.duration", MetricKind.Histogram, "s", "How long exchanges took, from the request's head to the end of the response.",
        "route", "cluster", "http.request.method", "http.response.status_code", "error.type");

    public static readonly MetricInfo Received = new(
        "filterproxy.downstream.received", MetricKind.Counter, "By", "Bytes of requests from clients, heads and bodies.", "route", "cluster");

    public static readonly MetricInfo Sent = new(
        "filterproxy.downstream.sent", MetricKind.Counter, "By", "Bytes of responses to clients, heads and bodies.", "route", "cluster");

    private readonly ConcurrentDictionary<string, RouteMetrics> _routes = new();
    private readonly MetricsRegistry _registry;
    private readonly SeriesBudget _budget;
    private readonly Lazy<HistogramSeries> _other;

    public RequestMetrics(MetricsRegistry registry, Func<ProxyErrorKind, string> reasonOf)
    {
        _registry = registry;
        ReasonOf = reasonOf;
        _budget = registry.Budget(Duration);
        _other = new Lazy<HistogramSeries>(() => new HistogramSeries(Labels.Other(Duration), registry.Durations, 2));
        registry.Add(Duration, Collect);
        registry.Add(Received, into => CollectSums(into, Received, 0));
        registry.Add(Sent, into => CollectSums(into, Sent, 1));
    }

    /// <summary>The stable reason code of a kind of error.</summary>
    public Func<ProxyErrorKind, string> ReasonOf { get; }

    /// <summary>By name.</summary>
    public ICollection<RouteMetrics> Routes => _routes.Values;

    public RouteMetrics Of(string route) => _routes.GetOrAdd(route, static (name, self) => new RouteMetrics(name, self) { SeenAt = self._registry.Now }, this);

    /// <summary>The exchanges of a route, without those that had no place of their own and are counted as 'other'.</summary>
    public long HitsOf(string route) => !_routes.TryGetValue(route, out var metrics) ? 0
        : metrics.Clusters.Sum(c => c.Series.All.Where(s => !_other.IsValueCreated || s != _other.Value).Sum(s => s.Count));

    /// <summary>Forgets the routes no configuration in use has had for a while.</summary>
    /// <param name="inUse">Whether there is such a route.</param>
    /// <param name="now">Heartbeat milliseconds.</param>
    /// <param name="after">How long their last values stay, in milliseconds.</param>
    public void Sweep(Func<string, bool> inUse, long now, long after)
    {
        foreach (var (name, route) in _routes)
        {
            if (inUse(name))
            {
                route.SeenAt = now;
            }
            else if (now - route.SeenAt > after && _routes.TryRemove(name, out _))
            {
                _budget.Return(route.Clusters.Sum(c => c.Series.All.Count(s => s != _other.Value)));
            }
        }
    }

    /// <summary>A new series, or the one for all that have no place.</summary>
    public HistogramSeries MakeSeries(Func<Labels> labels) =>
        _budget.TryTake(_registry.MaxSeries) ? new HistogramSeries(labels(), _registry.Durations, 2) : _other.Value;

    private void Collect(List<Sample> into)
    {
        foreach (var route in _routes.Values)
        {
            foreach (var cluster in route.Clusters)
            {
                foreach (var series in cluster.Series.All)
                {
                    if (series != _other.Value)
                    {
                        into.Add(new Sample(series.Labels, 0, series));
                    }
                }
            }
        }

        if (_other.IsValueCreated && _other.Value.Count > 0)
        {
            into.Add(new Sample(_other.Value.Labels, 0, _other.Value));
        }
    }

    private void CollectSums(List<Sample> into, MetricInfo metric, int sum)
    {
        foreach (var route in _routes.Values)
        {
            foreach (var cluster in route.Clusters)
            {
                if (cluster.Series.All.Any(s => s != _other.Value))
                {
                    into.Add(new Sample(cluster.Labels, cluster.Series.All.Where(s => s != _other.Value).Sum(s => (double)s.ReadSum(sum))));
                }
            }
        }

        if (_other.IsValueCreated && _other.Value.Count > 0)
        {
            into.Add(new Sample(Labels.Other(metric), _other.Value.ReadSum(sum)));
        }
    }
}
