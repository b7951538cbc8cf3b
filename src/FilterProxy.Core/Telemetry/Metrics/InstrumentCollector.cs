using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>
/// Listens to the ordinary instruments of the engine's meter, plugins' among them, and to those of the runtime: collector, thread pool,
/// memory and processor time.
/// </summary>
internal sealed class InstrumentCollector : IDisposable
{
    private const string Runtime = "System.Runtime";
    private readonly ConcurrentDictionary<Instrument, InstrumentRecord> _records = new();
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();
    private long _round;

    /// <param name="meter">The engine's.</param>
    /// <param name="published">Names of instruments that only publish what is kept elsewhere.</param>
    /// <param name="registry">For its limits.</param>
    public InstrumentCollector(Meter meter, HashSet<string> published, MetricsRegistry registry)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if ((ReferenceEquals(instrument.Meter, meter) && !published.Contains(instrument.Name)) || instrument.Meter.Name == Runtime)
            {
                listener.EnableMeasurementEvents(instrument, _records.GetOrAdd(instrument, static (i, r) => new InstrumentRecord(i, r), registry));
            }
        };
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => ((InstrumentRecord)state!).Record((double)value, tags));
    }

    public void Start() => _listener.Start();

    /// <summary>Asks what must be asked, and returns everything that was recorded.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (_collecting)
        {
            _round++;
            foreach (var (_, record) in _records)
            {
                record.Round = _round;
            }

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // A plugin's instrument threw: it has no value this time, the others have theirs.
            }

            return [.. _records.Values.OrderBy(r => r.Info.Name, StringComparer.Ordinal).Select(r => new MetricFamily(r.Info, r.Collect))];
        }
    }

    public void Dispose() => _listener.Dispose();
}
