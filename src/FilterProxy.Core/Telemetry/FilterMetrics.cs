using System.Diagnostics.Metrics;

namespace FilterProxy.Core.Telemetry;

/// <summary>Counts what components get wrong: exceptions, and calls that took longer than they may. Touched only then.</summary>
internal sealed class FilterMetrics
{
    private readonly Counter<long>? _failures;
    private readonly Counter<long>? _overBudget;

    /// <param name="meter">The engine's; null counts nothing.</param>
    public FilterMetrics(Meter? meter)
    {
        _failures = meter?.CreateCounter<long>(
            "filterproxy.filter.failures", "{failure}", "Exceptions of components, by their key in the configuration and where: constructor, start, connection or exchange.");
        _overBudget = meter?.CreateCounter<long>(
            "filterproxy.filter.over_budget", "{call}", "Calls of a filter that took longer than its time_budget, by its key in the configuration.");
    }

    /// <param name="filter">Its key in the configuration.</param>
    /// <param name="at"><c>constructor</c>, <c>start</c>, <c>connection</c> or <c>exchange</c>.</param>
    public void Failed(string filter, string at) =>
        _failures?.Add(1, new KeyValuePair<string, object?>("filter", filter), new KeyValuePair<string, object?>("at", at));

    /// <param name="filter">Its key in the configuration.</param>
    public void OverBudget(string filter) => _overBudget?.Add(1, new KeyValuePair<string, object?>("filter", filter));
}
