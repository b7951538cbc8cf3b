using System.Collections.Concurrent;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>What is counted about upstreams: attempts by cluster, endpoint and result, and connections.</summary>
internal sealed class AttemptMetrics
{
    public static readonly MetricInfo Duration = new(
        "http.client.request.duration", MetricKind.Histogram, "s",
        "How long attempts took, from the connection that was there for them to the upstream's response head or the failure.",
        "cluster", "endpoint", "http.request.method", "http.response.status_code", "error.type");

    public static readonly MetricInfo ConnectDuration = new(
        "filterproxy.upstream.connect.duration", MetricKind.Histogram, "s", "How long it took to open connections, TLS included.", "cluster", "endpoint");

    public static readonly MetricInfo Created = new(
        "filterproxy.upstream.connections.created", MetricKind.Counter, "{connection}", "Connections opened.", "cluster", "endpoint");

    public static readonly MetricInfo Reused = new(
        "filterproxy.upstream.connections.reused", MetricKind.Counter, "{attempt}", "Attempts that took a connection which had served before.", "cluster", "endpoint");

    private readonly ConcurrentDictionary<(string Cluster, string Endpoint), EndpointMetrics> _endpoints = new();
    private readonly MetricsRegistry _registry;
    private readonly SeriesBudget _budget;
    private readonly SeriesBudget _endpointBudget;
    private readonly Lazy<HistogramSeries> _other;
    private readonly Lazy<EndpointMetrics> _otherEndpoint;

    public AttemptMetrics(MetricsRegistry registry, Func<ProxyErrorKind, string> reasonOf)
    {
        _registry = registry;
        ReasonOf = reasonOf;
        _budget = registry.Budget(Duration);
        _endpointBudget = registry.Budget(ConnectDuration);
        _other = new Lazy<HistogramSeries>(() => new HistogramSeries(Labels.Other(Duration), registry.Durations));
        _otherEndpoint = new Lazy<EndpointMetrics>(() => new EndpointMetrics("other", "other", this));
        registry.Add(Duration, Collect);
        registry.Add(ConnectDuration, into => Each(into, static e => e.Connects is { } connects ? new Sample(e.Labels, 0, connects) : null));
        registry.Add(Created, into => Each(into, static e => e.Connects is { } connects ? new Sample(e.Labels, connects.Count) : null));
        registry.Add(Reused, into => Each(into, static e => e.ReusedConnections is > 0 and var reused ? new Sample(e.Labels, reused) : null));
    }

    /// <summary>The stable reason code of a kind of error.</summary>
    public Func<ProxyErrorKind, string> ReasonOf { get; }

    /// <summary>The clock durations are measured by.</summary>
    public long Timestamp => _registry.Timestamp;

    public EndpointMetrics Of(string cluster, string endpoint)
    {
        if (_endpoints.TryGetValue((cluster, endpoint), out var there))
        {
            return there;
        }

        if (!_endpointBudget.TryTake(_registry.MaxSeries))
        {
            return _otherEndpoint.Value;
        }

        var made = new EndpointMetrics(cluster, endpoint, this) { SeenAt = _registry.Now };
        var kept = _endpoints.GetOrAdd((cluster, endpoint), made);
        if (kept != made)
        {
            _endpointBudget.Return(1);
        }

        return kept;
    }

    /// <inheritdoc cref="RequestMetrics.Sweep"/>
    public void Sweep(Func<string, string, bool> inUse, long now, long after)
    {
        foreach (var (key, endpoint) in _endpoints)
        {
            if (inUse(key.Cluster, key.Endpoint))
            {
                endpoint.SeenAt = now;
            }
            else if (now - endpoint.SeenAt > after && _endpoints.TryRemove(key, out _))
            {
                _budget.Return(endpoint.Attempts.All.Count(s => s != _other.Value));
                _endpointBudget.Return(1);
            }
        }
    }

    /// <summary>A new series, or the one for all that have no place.</summary>
    public HistogramSeries MakeSeries(Func<Labels> labels) =>
        _budget.TryTake(_registry.MaxSeries) ? new HistogramSeries(labels(), _registry.Durations) : _other.Value;

    public HistogramSeries MakeConnects(Labels labels) => new(labels, _registry.Durations);

    private void Collect(List<Sample> into)
    {
        foreach (var endpoint in Endpoints())
        {
            foreach (var series in endpoint.Attempts.All)
            {
                if (series != _other.Value)
                {
                    into.Add(new Sample(series.Labels, 0, series));
                }
            }
        }

        if (_other.IsValueCreated && _other.Value.Count > 0)
        {
            into.Add(new Sample(_other.Value.Labels, 0, _other.Value));
        }
    }

    private void Each(List<Sample> into, Func<EndpointMetrics, Sample?> sample)
    {
        foreach (var endpoint in Endpoints())
        {
            if (sample(endpoint) is { } made)
            {
                into.Add(made);
            }
        }
    }

    private IEnumerable<EndpointMetrics> Endpoints() => _otherEndpoint.IsValueCreated ? _endpoints.Values.Append(_otherEndpoint.Value) : _endpoints.Values;
}
