using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>An ordinary instrument that is listened to, and what was recorded to it so far.</summary>
internal sealed class InstrumentRecord
{
    private const int MostFirst = 8;
    private static readonly IReadOnlyList<double> GenericBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    // The runtime publishes them as counters, against OpenTelemetry's own convention; rate() of them would be nonsense.
    private static readonly string[] ComeAndGo = ["dotnet.thread_pool.thread.count", "dotnet.thread_pool.queue.length"];

    private readonly ConcurrentDictionary<TagSet, InstrumentSeries> _series = new(new TagSet.Comparer());
    private readonly ConcurrentDictionary<TagSet, InstrumentSeries>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _byTags;
    private readonly MetricsRegistry _registry;
    private readonly SeriesBudget _budget;
    private readonly Lazy<Buckets?> _buckets;
    private readonly bool _isAbsolute;
    private InstrumentSeries? _other;

    // Those made first. Who counts often does so with tags that are always the same objects, and is found without a look at what is in them.
    private Known[] _first = [];

    public InstrumentRecord(Instrument instrument, MetricsRegistry registry)
    {
        _registry = registry;
        _byTags = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
        var type = instrument.GetType().GetGenericTypeDefinition();
        var kind = type == typeof(Histogram<>) ? MetricKind.Histogram
            : ComeAndGo.Contains(instrument.Name) ? MetricKind.Gauge
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : MetricKind.Gauge;
        _isAbsolute = instrument.IsObservable || type == typeof(Gauge<>);
        IsObservable = instrument.IsObservable;
        Info = new MetricInfo(instrument.Name, kind, instrument.Unit ?? "", instrument.Description ?? "");
        _budget = registry.Budget(Info);

        // Not before it is needed: an instrument is older than the configuration that says how durations are counted.
        _buckets = new Lazy<Buckets?>(() => kind == MetricKind.Histogram ? BucketsOf(instrument) : null);
    }

    public MetricInfo Info { get; }

    public bool IsObservable { get; }

    /// <summary>The number of the collection that is under way: what an observable instrument does not tell in it is gone.</summary>
    public long Round { get; set; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        if (Info.Kind == MetricKind.Histogram)
        {
            series.Record(value);
        }
        else if (_isAbsolute)
        {
            series.Set(value, Round);
        }
        else if (value == Math.Floor(value) && Math.Abs(value) < 1L << 53)
        {
            series.Add((long)value);
        }
        else
        {
            series.Add(value);
        }
    }

    public void Collect(List<Sample> into)
    {
        foreach (var (tags, series) in _series)
        {
            if (!IsObservable || series.Round == Round)
            {
                into.Add(series.ToSample());
            }
            else if (Round - series.Round > 10 && _series.TryRemove(tags, out _))
            {
                _budget.Return(1);
            }
        }

        if (_other is { } other)
        {
            into.Add(other.ToSample());
        }
    }

    private InstrumentSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (ref readonly var known in Volatile.Read(ref _first).AsSpan())
        {
            if (known.Tags.IsMadeOf(tags))
            {
                return known.Series;
            }
        }

        if (_byTags.TryGetValue(tags, out var there))
        {
            return there;
        }

        if (!_budget.TryTake(_registry.MaxSeries))
        {
            return _other ??= new InstrumentSeries(OtherLabels(tags), _buckets.Value);
        }

        var made = new InstrumentSeries(new Labels(tags), _buckets.Value);
        if (_byTags.TryAdd(tags, made))
        {
            Remember(new TagSet(tags), made);
            return made;
        }

        _budget.Return(1);
        return _byTags[tags];
    }

    private void Remember(TagSet tags, InstrumentSeries series)
    {
        // An observable instrument's are taken out again, and it is asked seldom.
        var first = Volatile.Read(ref _first);
        if (!IsObservable && first.Length < MostFirst)
        {
            Interlocked.CompareExchange(ref _first, [.. first, new Known(tags, series)], first);
        }
    }

    private Buckets BucketsOf(Instrument instrument)
    {
        var advised = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries;
        return Info.Unit == "s" ? new Buckets(advised ?? _registry.Durations.Bounds, 1e9) : new Buckets(advised ?? GenericBounds, 1000);
    }

    private static Labels OtherLabels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var other = tags.ToArray();
        for (var i = 0; i < other.Length; i++)
        {
            other[i] = new KeyValuePair<string, object?>(other[i].Key, "other");
        }

        return new Labels(other);
    }

    private readonly record struct Known(TagSet Tags, InstrumentSeries Series);
}
