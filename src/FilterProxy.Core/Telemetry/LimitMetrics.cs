using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts how often each limit and each timeout was reached. Touched only then: what stays within them pays nothing.</summary>
internal sealed class LimitMetrics
{
    private readonly Counter<long>? _limits;
    private readonly Counter<long>? _timeouts;

    /// <param name="meter">The engine's; null counts nothing.</param>
    public LimitMetrics(Meter? meter)
    {
        Meter = meter;
        _limits = meter?.CreateCounter<long>("filterproxy.limit.reached", "{event}", "Times a limit was reached, by its configuration key.");
        _timeouts = meter?.CreateCounter<long>("filterproxy.timeout", "{event}", "Timeouts that ended something, by their configuration key.");
    }

    public Meter? Meter { get; }

    public void Reached(Limit limit)
    {
        if (limit == Limit.None)
        {
            return;
        }

        if (Limits.IsTimeout(limit))
        {
            _timeouts?.Add(1, new KeyValuePair<string, object?>("timeout", Limits.KeyOf(limit)));
        }
        else
        {
            _limits?.Add(1, new KeyValuePair<string, object?>("limit", Limits.KeyOf(limit)));
        }
    }
}
