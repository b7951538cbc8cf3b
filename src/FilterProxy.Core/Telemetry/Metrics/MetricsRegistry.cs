using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// The engine's metrics. What every request touches is kept here, per thread, and published to listeners of the meter by instruments that
/// are asked; what happens rarely is an ordinary instrument, the engine's or a plugin's, and listened to like anybody else would.
/// </summary>
internal sealed class MetricsRegistry : IDisposable
{
    /// <summary>Upper bounds in seconds where the configuration does not say: from what a proxy adds to what a client waits for.</summary>
    public static readonly IReadOnlyList<double> DefaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private static readonly MetricInfo Dropped = new(
        "filterproxy.metrics.dropped_series", MetricKind.Counter, "{series}",
        "Label sets that were over telemetry.metrics.max_series and are counted as 'other', by metric.", "metric");

    private readonly Lock _lock = new();
    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly Func<long> _now;
    private readonly HashSet<string> _own = [];
    private readonly InstrumentCollector _collector;
    private volatile MetricFamily[] _families = [];
    private volatile SeriesBudget[] _budgets = [];
    private Buckets? _durations;

    /// <param name="meter">The engine's.</param>
    /// <param name="time">The clock durations are measured by.</param>
    /// <param name="now">Heartbeat milliseconds.</param>
    public MetricsRegistry(Meter meter, TimeProvider time, Func<long> now)
    {
        _meter = meter;
        _time = time;
        _now = now;
        _collector = new InstrumentCollector(meter, _own, this);
        Add(Dropped, into => into.AddRange(_budgets.Where(b => b.Dropped > 0).Select(b => new Sample(new Labels(new KeyValuePair<string, object?>("metric", b.Metric.Name)), b.Dropped))));
    }

    /// <summary>Whether exchanges are counted.</summary>
    public bool IsEnabled { get; private set; } = true;

    /// <summary>The most series of one metric.</summary>
    public int MaxSeries { get; private set; } = 2000;

    /// <summary>The ranges of durations, over ticks of the clock.</summary>
    public Buckets Durations => _durations ??= new Buckets(DefaultBounds, _time.TimestampFrequency);

    /// <summary>The clock durations are measured by.</summary>
    public long Timestamp => _time.GetTimestamp();

    /// <summary>Heartbeat milliseconds.</summary>
    public long Now => _now();

    /// <summary>What the engine itself keeps.</summary>
    public IReadOnlyList<MetricFamily> Families => _families;

    /// <summary>Takes over what the configuration says. Ranges of histograms are taken once: a series cannot change them.</summary>
    public void Apply(bool enabled, int maxSeries, IReadOnlyList<double> bounds)
    {
        IsEnabled = enabled;
        MaxSeries = maxSeries;
        _durations ??= new Buckets(bounds, _time.TimestampFrequency);
    }

    /// <summary>Begins to listen to the instruments of the meter that others record to.</summary>
    public void Start() => _collector.Start();

    /// <summary>A limit on the series of a metric.</summary>
    public SeriesBudget Budget(MetricInfo metric)
    {
        var budget = new SeriesBudget(metric);
        lock (_lock)
        {
            _budgets = [.. _budgets, budget];
        }

        return budget;
    }

    /// <summary>Adds a metric and publishes it. A histogram is not published: there is no instrument that could be asked for one.</summary>
    public void Add(MetricInfo info, Action<List<Sample>> collect)
    {
        lock (_lock)
        {
            _own.Add(info.Name);
            _families = [.. _families, new MetricFamily(info, collect)];
        }

        switch (info.Kind)
        {
            case MetricKind.Counter:
                _meter.CreateObservableCounter(info.Name, () => Measure(collect, static value => (long)value), info.Unit, info.Help);
                break;

            case MetricKind.Gauge:
                _meter.CreateObservableGauge(info.Name, () => Measure(collect, static value => value), info.Unit, info.Help);
                break;
        }
    }

    /// <summary>The instrument of a histogram that is kept here, to be recorded to while somebody listens.</summary>
    public Histogram<double> Publish(MetricInfo info)
    {
        _own.Add(info.Name);
        return _meter.CreateHistogram<double>(info.Name, info.Unit, info.Help);
    }

    /// <summary>Everything there is to write: the engine's own, then what was recorded to instruments.</summary>
    public IEnumerable<MetricFamily> All() => _families.Concat(_collector.Collect());

    public void Dispose() => _collector.Dispose();

    private static List<Measurement<T>> Measure<T>(Action<List<Sample>> collect, Func<double, T> convert)
        where T : struct
    {
        var samples = new List<Sample>();
        collect(samples);
        return samples.ConvertAll(sample => new Measurement<T>(convert(sample.Value), sample.Labels.Tags));
    }
}
