using System.Collections.Concurrent;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>What rules remember between exchanges, in memory: records that nobody used for a while are forgotten, and so are the oldest of too many.</summary>
internal sealed class PersistentStore(TimeProvider time)
{
    private const int MaxRecords = 100_000;
    private const int SweepEvery = 1_000;

    private readonly ConcurrentDictionary<(Variable, string), PersistentRecord> _records = new();
    private int _created;

    public int Count => _records.Count;

    public TimeProvider Time => time;

    /// <param name="collection">Which collection.</param>
    /// <param name="key">Whose record.</param>
    /// <param name="timeout">How long a record is kept that nobody uses.</param>
    public PersistentRecord Open(Variable collection, string key, TimeSpan timeout)
    {
        var isNew = false;
        var record = _records.GetOrAdd((collection, key), _ =>
        {
            isNew = true;
            return new PersistentRecord(collection, key, time);
        });
        if (isNew && (Interlocked.Increment(ref _created) % SweepEvery == 0 || _records.Count > MaxRecords))
        {
            Sweep(timeout);
        }

        return record;
    }

    private void Sweep(TimeSpan timeout)
    {
        var oldest = time.GetUtcNow() - timeout;
        foreach (var (key, record) in _records)
        {
            if (record.LastUse < oldest)
            {
                _records.TryRemove(key, out _);
            }
        }

        if (_records.Count > MaxRecords)
        {
            foreach (var (key, _) in _records.OrderBy(item => item.Value.LastUse).Take(MaxRecords / 10).ToArray())
            {
                _records.TryRemove(key, out _);
            }
        }
    }
}
