using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.ConcurrencyLimit;

/// <summary>What outlives a reload: the requests under way, which end under other options than they began under.</summary>
internal sealed class ConcurrencyState
{
    private int _active;
    private Counter<long>? _refused;

    public KeyCounts Keys { get; } = new();

    /// <summary>Requests under way in all.</summary>
    public int Active => Volatile.Read(ref _active);

    public bool TryEnter(int max)
    {
        while (true)
        {
            var active = Active;
            if (active >= max)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _active, active + 1, active) == active)
            {
                return true;
            }
        }
    }

    /// <summary>Counts one more, however many there are.</summary>
    public void Enter() => Interlocked.Increment(ref _active);

    public void Leave() => Interlocked.Decrement(ref _active);

    public void Start(Meter meter) => _refused ??= meter.CreateCounter<long>(
        "filterproxy.concurrency_limit.refused", "{request}", "Requests over a limit on those at a time, by limit (key or adaptive) and result (limited or dry_run).");

    public void CountRefused(in KeyValuePair<string, object?> limit, in KeyValuePair<string, object?> result) => _refused?.Add(1, limit, result);
}
