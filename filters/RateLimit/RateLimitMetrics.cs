using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.RateLimit;

/// <summary>What rate limits count.</summary>
internal sealed class RateLimitMetrics
{
    private static readonly KeyValuePair<string, object?> Limited = new("result", "limited"), DryRun = new("result", "dry_run"), Delayed = new("result", "delayed"),
        Unshared = new("result", "unshared");

    private readonly Counter<long> _requests;

    public RateLimitMetrics(System.Diagnostics.Metrics.Meter meter, string place, RateLimitState state)
    {
        _requests = meter.CreateCounter<long>(
            "filterproxy.rate_limit.requests", "{request}",
            "Requests by limit that were not simply let through: limited, dry_run (would have been), delayed, or unshared (judged without redis).");
        var weak = new WeakReference<RateLimitState>(state);
        var tag = new KeyValuePair<string, object?>("filter", place);
        meter.CreateObservableGauge("filterproxy.rate_limit.keys", () => Read(weak, tag, static table => table.Count), "{key}", "Keys kept, by limit.");
        meter.CreateObservableCounter(
            "filterproxy.rate_limit.overflows", () => Read(weak, tag, static table => table.Overflows), "{request}", "Requests whose key had no room, by limit.");
    }

    public void CountLimited(Limit limit) => Count(limit, limit.IsDryRun ? DryRun : Limited);

    public void CountDelayed(Limit limit) => Count(limit, Delayed);

    public void CountUnshared(Limit limit) => Count(limit, Unshared);

    private void Count(Limit limit, in KeyValuePair<string, object?> result)
    {
        if (_requests.Enabled)
        {
            _requests.Add(1, limit.Tag, result);
        }
    }

    private static IEnumerable<Measurement<long>> Read(WeakReference<RateLimitState> weak, KeyValuePair<string, object?> tag, Func<KeyTable, long> read) =>
        weak.TryGetTarget(out var state)
            ? [.. state.Tables.Select(pair => new Measurement<long>(read(pair.Value), tag, new KeyValuePair<string, object?>("limit", pair.Key)))]
            : [];
}
