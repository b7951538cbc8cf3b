using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FilterProxy.TestKit;

/// <summary>What the counters of one meter have counted, by instrument and the values of their tags.</summary>
internal sealed class MetricLog : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _listener = new();

    public MetricLog(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Nobody asks for the others, and a histogram that is listened to costs every request.
            if (ReferenceEquals(instrument.Meter, meter) && instrument is Counter<long> or UpDownCounter<long>)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var key = instrument.Name;
            foreach (var tag in tags)
            {
                key += $" {tag.Key}={tag.Value}";
            }

            _counts.AddOrUpdate(key, value, (_, sum) => sum + value);
        });
        _listener.Start();
    }

    /// <summary>Everything counted: <c>filterproxy.timeout timeout=idle_timeout</c> to its sum.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Dispose() => _listener.Dispose();
}
