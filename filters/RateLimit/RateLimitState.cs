using System.Collections.Concurrent;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What outlives a reload: the counters of each limit, by its name.</summary>
internal sealed class RateLimitState
{
    private RateLimitMetrics? _metrics;

    public ConcurrentDictionary<string, KeyTable> Tables { get; } = new(StringComparer.Ordinal);

    public RateLimitMetrics Metrics => _metrics!;

    /// <summary>The limits that are in force from now on.</summary>
    public void Use(IEnumerable<Limit> limits, int maxKeys, long now, ComponentContext context)
    {
        // Instruments cannot be taken back: once for as long as the state lives.
        _metrics ??= new RateLimitMetrics(context.Meter, context.Place, this);
        foreach (var limit in limits)
        {
            limit.Table = Tables.AddOrUpdate(limit.Name, _ => new KeyTable(limit.Meter, maxKeys), (_, table) =>
            {
                if (table.Capacity == maxKeys)
                {
                    table.Use(limit.Meter, now);
                    return table;
                }

                var resized = new KeyTable(limit.Meter, maxKeys);
                resized.CopyFrom(table, now);
                return resized;
            });
        }
    }
}
