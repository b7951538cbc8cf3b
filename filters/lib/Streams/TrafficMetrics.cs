using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.Streams;

/// <summary>Counts what a relay has open, how that ended, and what passed each way meanwhile.</summary>
/// <param name="meter">The component's.</param>
/// <param name="prefix">What the names begin with.</param>
/// <param name="ends">Counts what has ended, with `reason`.</param>
/// <param name="open">What the description of those open is, in the unit of what ends.</param>
/// <param name="passed">Counts what passed, with `direction`.</param>
internal sealed class TrafficMetrics(
    Meter meter, string prefix, (string Name, string Unit, string Description) ends, string open, (string Name, string Unit, string Description) passed)
{
    private readonly Counter<long> _ended = meter.CreateCounter<long>($"{prefix}.{ends.Name}", ends.Unit, ends.Description);
    private readonly UpDownCounter<long> _active = meter.CreateUpDownCounter<long>($"{prefix}.active", ends.Unit, open);
    private readonly Counter<long> _passed = meter.CreateCounter<long>($"{prefix}.{passed.Name}", passed.Unit, passed.Description);

    /// <param name="tag">Whose, e.g. which cluster's; null where they are not told apart.</param>
    public void Began(KeyValuePair<string, object?>? tag = null) => Add(tag, 1);

    public void Ended(string reason, KeyValuePair<string, object?>? tag = null)
    {
        Add(tag, -1);
        Add(_ended, 1, new("reason", reason), tag);
    }

    public void Passed(long amount, string direction, KeyValuePair<string, object?>? tag = null) =>
        Add(_passed, amount, new("direction", direction), tag);

    private void Add(KeyValuePair<string, object?>? tag, int change)
    {
        if (tag is { } own)
        {
            _active.Add(change, own);
        }
        else
        {
            _active.Add(change);
        }
    }

    private static void Add(Counter<long> counter, long amount, KeyValuePair<string, object?> what, KeyValuePair<string, object?>? tag)
    {
        if (tag is { } own)
        {
            counter.Add(amount, own, what);
        }
        else
        {
            counter.Add(amount, what);
        }
    }
}
