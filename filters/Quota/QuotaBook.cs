using System.Collections.Concurrent;
using FilterProxy.Filters.Keys;

namespace FilterProxy.Filters.Quota;

/// <summary>
/// What all keys have used; outlives a reload. A period that has begun is never gone back on: setting the clock back gives nobody his quota anew.
/// </summary>
internal sealed class QuotaBook
{
    private readonly ConcurrentDictionary<KeyId, QuotaEntry> _entries = new(KeyIdComparer.Instance);
    private int _count;
    private long _latest;
    private int _isDirty;

    public QuotaMetrics? Metrics { get; set; }

    /// <summary>Where it was read from; null for nowhere.</summary>
    public string? LoadedFrom { get; set; }

    public int Count => Volatile.Read(ref _count);

    public IEnumerable<QuotaEntry> Entries => _entries.Values;

    /// <summary>Whether something has been counted since this was last asked.</summary>
    public bool TakeDirty() => Interlocked.Exchange(ref _isDirty, 0) != 0;

    public void SetDirty() => Volatile.Write(ref _isDirty, 1);

    /// <summary>The later of a period and the latest there was.</summary>
    public long PeriodFrom(long start)
    {
        while (true)
        {
            var latest = Volatile.Read(ref _latest);
            if (start <= latest || Interlocked.CompareExchange(ref _latest, start, latest) == latest)
            {
                return Math.Max(start, latest);
            }
        }
    }

    public QuotaEntry? Find(in KeyId id) => _entries.GetValueOrDefault(id);

    /// <summary>The entry of a key, made where there is none; null when there is no room.</summary>
    public QuotaEntry? FindOrAdd(in SharedKey key, long period, int most)
    {
        if (_entries.TryGetValue(key.Id, out var entry))
        {
            return entry;
        }

        if (Count >= most)
        {
            Forget(period);
            if (Count >= most)
            {
                return null;
            }
        }

        entry = _entries.GetOrAdd(key.Id, new QuotaEntry(key.Name, key.Shown) { Period = period });
        Volatile.Write(ref _count, _entries.Count);
        return entry;
    }

    public bool Remove(in KeyId id)
    {
        var isThere = _entries.TryRemove(id, out _);
        Volatile.Write(ref _count, _entries.Count);
        SetDirty();
        return isThere;
    }

    // What was used in periods that are over counts no more, unless redis is still to hear of it.
    private void Forget(long period)
    {
        foreach (var (id, entry) in _entries)
        {
            if (entry.Period < period && entry.Untold == 0)
            {
                _entries.TryRemove(new KeyValuePair<KeyId, QuotaEntry>(id, entry));
            }
        }

        Volatile.Write(ref _count, _entries.Count);
    }
}
