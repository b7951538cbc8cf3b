using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace FilterProxy.Host.Otlp;

/// <summary>
/// Spans on their way to the receiver: a bounded queue and a thread that sends. Requests put a span in or find the queue full, and never
/// wait; what is lost is counted. The thread looks now and then: being woken for every span would cost requests more than the span does.
/// </summary>
internal sealed class SpanQueue : BaseExportProcessor<Activity>
{
    private const int MostAtOnce = 512;
    private static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(10);
    private readonly ConcurrentQueue<Activity> _waiting = new();
    private readonly ManualResetEventSlim _look = new();
    private readonly Counter<long> _exported, _dropped;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly TimeSpan _interval;
    private readonly int _capacity, _enough;
    private int _count;
    private long _overflow;
    private long? _saidAt;
    private volatile bool _isEnding;

    /// <param name="exporter">Sends; it may take its time.</param>
    /// <param name="capacity">Spans that may wait.</param>
    /// <param name="interval">The longest that they are gathered before they are sent.</param>
    /// <param name="meter">Counts what was sent and lost.</param>
    /// <param name="logger">Hears that spans are lost.</param>
    public SpanQueue(BaseExporter<Activity> exporter, int capacity, TimeSpan interval, Meter meter, ILogger logger)
        : base(exporter)
    {
        _capacity = capacity;
        _interval = interval;
        _enough = Math.Clamp(capacity / 2, 1, MostAtOnce);
        _exported = meter.CreateCounter<long>("filterproxy.otlp.exported", "{span}", "Spans the receiver took.");
        _dropped = meter.CreateCounter<long>("filterproxy.otlp.dropped", "{span}", "Spans lost, by reason: queue_full or not_taken by the receiver.");
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "otlp spans" };
        _thread.Start();
    }

    protected override void OnExport(Activity data)
    {
        if (!data.Recorded)
        {
            return;
        }

        var count = Interlocked.Increment(ref _count);
        if (_isEnding || count > _capacity)
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Increment(ref _overflow);
            return;
        }

        _waiting.Enqueue(data);
        if (count == _enough)
        {
            _look.Set();
        }
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _isEnding = true;
        _look.Set();
        return _thread.Join(timeoutMilliseconds) && exporter.Shutdown(timeoutMilliseconds);
    }

    protected override void Dispose(bool disposing)
    {
        _isEnding = true;
        _look.Set();
        base.Dispose(disposing);
    }

    private void Run()
    {
        var batch = new Activity[MostAtOnce];
        var isLast = false;
        while (!isLast)
        {
            _look.Wait(_interval);
            _look.Reset();
            isLast = _isEnding;
            for (var count = 0; (count = Take(batch)) > 0;)
            {
                Send(batch, count);
                Array.Clear(batch);
                CountOverflow();
            }

            CountOverflow();
        }
    }

    private int Take(Activity[] batch)
    {
        var count = 0;
        while (count < batch.Length && _waiting.TryDequeue(out var span))
        {
            batch[count++] = span;
            Interlocked.Decrement(ref _count);
        }

        return count;
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
