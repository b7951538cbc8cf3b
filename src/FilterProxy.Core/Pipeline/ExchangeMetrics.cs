using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FilterProxy.Core.Telemetry.Metrics;

namespace FilterProxy.Core.Pipeline;

/// <summary>
/// Counts exchanges and attempts. What that takes is held by the route and the endpoint, so that a request looks nothing up by name,
/// allocates nothing and writes to memory of its own thread.
/// </summary>
internal sealed class ExchangeMetrics
{
    private static readonly MetricInfo Active = new(
        "http.server.active_requests", MetricKind.Gauge, "{request}", "Exchanges under way.", "listener");

    private readonly ConcurrentDictionary<string, (Labels Labels, Cells Cells)> _active = new();
    private readonly MetricsRegistry _registry;
    private readonly RouteMetrics _noRoute;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _attemptDuration;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _hedges;

    public ExchangeMetrics(MetricsRegistry registry, Meter meter)
    {
        _registry = registry;
        Requests = new RequestMetrics(registry, ReasonOf);
        Attempts = new AttemptMetrics(registry, ReasonOf);
        registry.Add(Active, into => into.AddRange(_active.Values.Select(a => new Sample(a.Labels, a.Cells.Read(0)))));
        _noRoute = Requests.Of("-");
        _duration = registry.Publish(RequestMetrics.Duration);
        _attemptDuration = registry.Publish(AttemptMetrics.Duration);
        _retries = meter.CreateCounter<long>(
            "filterproxy.upstream.retries", "{retry}", "Attempts that followed a failed one, by cluster and why that had failed.");
        _hedges = meter.CreateCounter<long>(
            "filterproxy.upstream.hedges", "{hedge}", "Attempts beside one that had no answer yet, by cluster and outcome: won, lost or failed.");
    }

    public RequestMetrics Requests { get; }

    public AttemptMetrics Attempts { get; }

    /// <summary>An exchange begins.</summary>
    public void Begin(ProxyExchange x)
    {
        if (_registry.IsEnabled)
        {
            x.CountedIn = x.Rules.Active ??= ActiveOf(x.Rules.Name);
            x.CountedIn.Add(0, 1);
        }
    }

    /// <summary>An exchange is over.</summary>
    public void End(ProxyExchange x)
    {
        if (x.CountedIn is not { } active)
        {
            return;
        }

        active.Add(0, -1);
        x.CountedIn = null;
        var stats = x.Stats;
        var ticks = stats.Ended - stats.Started;
        var error = x.Error.IsError ? x.Error.Kind : x.BreakKind;
        var result = new ResultKey(x.Request.MethodKind, x.Response.StatusCode, error);
        var route = x.Route is { } matched ? matched.Metrics ??= Requests.Of(matched.Name) : _noRoute;
        var series = route.Of(x.Cluster?.Name, result);
        series.Record(ticks, stats.RequestHeadBytes + stats.RequestBodyBytes, stats.ResponseHeadBytes + stats.ResponseBodyBytes);
        if (x.Activity is { Recorded: true } span)
        {
            series.Keep(ticks, new Exemplar(x.Trace.TraceId, x.Trace.SpanId, ticks / series.Buckets.Scale, span.StartTimeUtc + stats.Duration));
        }

        if (_duration.Enabled)
        {
            _duration.Record(ticks / series.Buckets.Scale, series.Labels.Tags);
        }
    }

    /// <summary>An attempt has its response head, or has failed.</summary>
    public void RecordAttempt(ProxyExchange x)
    {
        if (x.CountedIn is null || x.HasReply || x.Peer?.Endpoint.Metrics is not EndpointMetrics endpoint)
        {
            return;
        }

        if (x.Upstream.IsReused)
        {
            endpoint.CountReused();
        }

        var stats = x.Stats;
        var isConnected = x.Upstream.Stage != UpstreamStage.Connect;
        var ticks = !isConnected ? (x.Heartbeat.Now - x.Upstream.Began) * stats.TimeProvider.TimestampFrequency / 1000
            : (x.Error.IsError ? stats.TimeProvider.GetTimestamp() : stats.ResponseStarted) - stats.UpstreamConnected;
        var series = endpoint.Of(new ResultKey(x.Request.MethodKind, x.Error.IsError ? 0 : x.Response.StatusCode, x.Error.Kind));
        series.Record(ticks);
        if (_attemptDuration.Enabled)
        {
            _attemptDuration.Record(ticks / series.Buckets.Scale, series.Labels.Tags);
        }
    }

    /// <summary>A failed attempt is followed by another.</summary>
    public void CountRetry(ProxyExchange x, in ProxyError error)
    {
        if (_registry.IsEnabled)
        {
            _retries.Add(1, new KeyValuePair<string, object?>("cluster", x.Cluster?.Name), new KeyValuePair<string, object?>("error.type", LocalReplies.ReasonOf(error)));
        }
    }

    /// <summary>An attempt and the one beside it are over.</summary>
    public void CountHedge(ProxyExchange x, string outcome)
    {
        if (_registry.IsEnabled)
        {
            _hedges.Add(1, new KeyValuePair<string, object?>("cluster", x.Cluster?.Name), new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    private Cells ActiveOf(string listener) =>
        _active.GetOrAdd(listener, static name => (new Labels(new KeyValuePair<string, object?>("listener", name)), new Cells(1))).Cells;

    private static string ReasonOf(ProxyErrorKind kind) => LocalReplies.ReasonOf(ProxyError.Downstream(kind));
}
