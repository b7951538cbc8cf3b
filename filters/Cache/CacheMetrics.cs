using System.Diagnostics.Metrics;

namespace FilterProxy.Filters.Cache;

/// <summary>What a cache counts.</summary>
internal sealed class CacheMetrics
{
    private static readonly KeyValuePair<string, object?> Hit = new("result", "hit"), Stale = new("result", "stale"), Validated = new("result", "validated"),
        Miss = new("result", "miss"), Bypass = new("result", "bypass");

    private readonly Counter<long> _requests;
    private readonly Counter<long> _bytes;

    public CacheMetrics(Meter meter, string place, CacheState state)
    {
        _requests = meter.CreateCounter<long>(
            "filterproxy.cache.requests", "{request}", "Requests by what became of them: hit, stale, validated, miss or bypass.");
        _bytes = meter.CreateCounter<long>("filterproxy.cache.served", "By", "Bytes of bodies that were answered from the cache.");
        var tag = new KeyValuePair<string, object?>("cache", place);
        var weak = new WeakReference<CacheState>(state);
        meter.CreateObservableGauge(
            "filterproxy.cache.memory", () => Read(weak, s => new Measurement<long>(s.Memory.Bytes, tag)), "By", "Bytes kept in memory.");
        meter.CreateObservableGauge(
            "filterproxy.cache.entries", () => Read(weak, s => new Measurement<long>(s.Memory.Count, tag)), "{response}", "Responses kept in memory.");
        meter.CreateObservableCounter(
            "filterproxy.cache.evictions", () => Read(weak, s => new Measurement<long>(s.Memory.Evictions, tag)), "{response}", "Responses that went because memory was full.");
        meter.CreateObservableGauge(
            "filterproxy.cache.disk", () => Read(weak, s => new Measurement<long>(s.Disk?.Bytes ?? 0, tag)), "By", "Bytes kept on disk.");
    }

    public void CountHit(StoredResponse stored)
    {
        _requests.Add(1, Hit);
        _bytes.Add(stored.Body.Length);
    }

    public void CountStale(StoredResponse stored)
    {
        _requests.Add(1, Stale);
        _bytes.Add(stored.Body.Length);
    }

    public void CountValidated(StoredResponse stored)
    {
        _requests.Add(1, Validated);
        _bytes.Add(stored.Body.Length);
    }

    public void CountMiss() => _requests.Add(1, Miss);

    public void CountBypass() => _requests.Add(1, Bypass);

    private static IEnumerable<Measurement<long>> Read(WeakReference<CacheState> weak, Func<CacheState, Measurement<long>> read) =>
        weak.TryGetTarget(out var state) ? [read(state)] : [];
}
