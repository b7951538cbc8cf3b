using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>What is said about event loops that answer late: two metrics, and a line of log now and then.</summary>
/// <param name="owner">Whose filters are meant.</param>
/// <param name="meter">The engine's; null counts nothing.</param>
/// <param name="log">The engine's.</param>
internal sealed class LoopReports(object owner, Meter? meter, Log log)
{
    private readonly Histogram<double>? _delay = meter?.CreateHistogram<double>(
        "filterproxy.loop.delay", "s", "How long an event loop took to get to something new. Asked ten times a second.");

    private readonly Counter<long>? _held = meter?.CreateCounter<long>(
        "filterproxy.loop.held", "{hold}", "Times a filter held an event loop for longer than runtime.loop_warning.");

    private Sampler _lines;

    /// <summary>Whose filters are meant.</summary>
    public object Owner { get; } = owner;

    /// <summary>From how long on a loop counts as held; zero for never.</summary>
    public TimeSpan Threshold { get; set; }

    /// <summary>A loop answered.</summary>
    /// <param name="late">How late.</param>
    /// <param name="filter">The filter that was running on it meanwhile; null for none, or where the whole process stood still.</param>
    /// <param name="loop">Its number.</param>
    /// <param name="now">The coarse clock, in milliseconds.</param>
    /// <param name="told">Whether the log has a line about it already.</param>
    public void Answered(TimeSpan late, string? filter, int loop, long now, bool told)
    {
        _delay?.Record(late.TotalSeconds);
        if (filter is not null && Threshold > TimeSpan.Zero && late >= Threshold)
        {
            _held?.Add(1, new KeyValuePair<string, object?>("filter", filter));
            if (!told && _lines.TryTake(now, out var skipped))
            {
                log.LoopHeld(filter, loop, late, "", skipped);
            }
        }
    }

    /// <summary>A filter still holds a loop.</summary>
    public void Holding(string filter, int loop, TimeSpan late, long now)
    {
        if (_lines.TryTake(now, out var skipped))
        {
            log.LoopHeld(filter, loop, late, " so far", skipped);
        }
    }
}
