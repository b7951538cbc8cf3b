using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace FilterProxy.Host.Otlp;

/// <summary>
/// Spans on their way to the receiver: a bounded queue and a thread that sends. Requests put a span in or find the queue full, and never
/// wait; what is lost is counted.
/// </summary>
internal sealed class SpanQueue : BaseExportProcessor<Activity>
{
    private const int MostAtOnce = 512;
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(10);
    private readonly BlockingCollection<Activity> _waiting;
    private readonly Counter<long> _exported, _dropped;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private long _overflow;
    private long? _saidAt;

    public SpanQueue(BaseExporter<Activity> exporter, int capacity, Meter meter, ILogger logger)
        : base(exporter)
    {
        _waiting = new BlockingCollection<Activity>(capacity);
        _exported = meter.CreateCounter<long>("filterproxy.otlp.exported", "{span}", "Spans the receiver took.");
        _dropped = meter.CreateCounter<long>("filterproxy.otlp.dropped", "{span}", "Spans lost, by reason: queue_full or not_taken by the receiver.");
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "otlp spans" };
        _thread.Start();
    }

    protected override void OnExport(Activity data)
    {
        if (data.Recorded && (_waiting.IsAddingCompleted || !_waiting.TryAdd(data)))
        {
            Interlocked.Increment(ref _overflow);
        }
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _waiting.CompleteAdding();
        return _thread.Join(timeoutMilliseconds) && exporter.Shutdown(timeoutMilliseconds);
    }

    private void Run()
    {
        var batch = new Activity[MostAtOnce];
        var count = 0;
        var began = 0L;
        while (!_waiting.IsCompleted || count > 0)
        {
            if (_waiting.TryTake(out var span, count == 0 ? 1000 : 50))
            {
                began = count == 0 ? Stopwatch.GetTimestamp() : began;
                batch[count++] = span;
            }

            CountOverflow();
            if (count == MostAtOnce || (count > 0 && (_waiting.IsAddingCompleted ? _waiting.Count == 0 : Stopwatch.GetElapsedTime(began) >= Gather)))
            {
                Send(batch, count);
                Array.Clear(batch);
                count = 0;
            }
        }
    }

    private void Send(Activity[] batch, int count)
    {
        var taken = false;
        try
        {
            taken = exporter.Export(new Batch<Activity>(batch, count)) == ExportResult.Success;
        }
        catch (Exception e)
        {
            _logger.LogError(e, "Sending spans failed.");
        }

        if (taken)
        {
            _exported.Add(count);
        }
        else
        {
            Lose(count, "not_taken");
        }
    }

    private void CountOverflow()
    {
        if (Interlocked.Exchange(ref _overflow, 0) is > 0 and var lost)
        {
            Lose(lost, "queue_full");
        }
    }

    private void Lose(long count, string reason)
    {
        _dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
        if (_saidAt is null || Stopwatch.GetElapsedTime(_saidAt.Value) > SayAgain)
        {
            _saidAt = Stopwatch.GetTimestamp();
            _logger.LogWarning("Spans are lost ({Reason}): the OTLP receiver does not take them. The metric filterproxy.otlp.dropped counts how many.", reason);
        }
    }
}
