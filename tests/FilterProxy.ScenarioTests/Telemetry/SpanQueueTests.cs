using System.Diagnostics;
using System.Diagnostics.Metrics;
using FilterProxy.Host.Otlp;
using FilterProxy.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using OpenTelemetry;
using Xunit;

namespace FilterProxy.ScenarioTests.Telemetry;

public sealed class SpanQueueTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly Meter _meter = new("FilterProxy.Test");
    private readonly MetricLog _counts;

    public SpanQueueTests() => _counts = new MetricLog(_meter);

    [Fact]
    public async Task While_the_receiver_takes_nothing_spans_are_dropped_and_nobody_waits()
    {
        const int Sent = 5_000, Capacity = 64;
        using var gate = new ManualResetEventSlim();
        using var queue = new SpanQueue(new GatedExporter(gate), Capacity, Interval, _meter, NullLogger.Instance);
        var longest = TimeSpan.Zero;
        for (var i = 0; i < Sent; i++)
        {
            var span = new Activity("x") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.SetIdFormat(ActivityIdFormat.W3C).Start();
            span.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            span.Stop();
            var began = Stopwatch.GetTimestamp();
            queue.OnEnd(span);
            longest = Stopwatch.GetElapsedTime(began) > longest ? Stopwatch.GetElapsedTime(began) : longest;
        }

        gate.Set();
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Poll.UntilAsync(() => Count("exported") + Count("dropped reason=queue_full") == Sent);
        Assert.InRange(Count("exported"), 1, Sent - 1);
    }

    [Fact]
    public async Task What_the_receiver_refuses_is_counted_as_lost()
    {
        using var queue = new SpanQueue(new RefusingExporter(), 64, Interval, _meter, NullLogger.Instance);
        var span = new Activity("x").SetIdFormat(ActivityIdFormat.W3C).Start();
        span.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        queue.OnEnd(span);

        await Poll.UntilAsync(() => Count("dropped reason=not_taken") == 1);
    }

    public void Dispose()
    {
        _counts.Dispose();
        _meter.Dispose();
    }

    private long Count(string name) => _counts.Counts.GetValueOrDefault($"filterproxy.otlp.{name}");

    private sealed class GatedExporter(ManualResetEventSlim gate) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            gate.Wait();
            return ExportResult.Success;
        }
    }

    private sealed class RefusingExporter : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch) => ExportResult.Failure;
    }
}
