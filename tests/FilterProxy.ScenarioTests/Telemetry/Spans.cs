using System.Collections.Concurrent;
using System.Diagnostics;

namespace FilterProxy.ScenarioTests.Telemetry;

/// <summary>Takes the engine's spans of one trace, as an exporter would: those that are recorded when they end.</summary>
internal sealed class Spans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public Spans()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "FilterProxy",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public List<Activity> Of(string traceId) => [.. _ended.Where(span => span.Recorded && span.TraceId.ToString() == traceId)];

    public void Dispose() => _listener.Dispose();
}
